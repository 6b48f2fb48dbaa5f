# Weighted means and raked weights in R's survey package, on the project's own fictitious data.
#
#     apt-get install r-cran-survey r-cran-jsonlite     # Debian
#     Rscript tests/reference/enquete_ponderee.R        # from the project's folder; writes enquete_ponderee.json

suppressPackageStartupMessages({ library(survey); library(jsonlite) })

people <- read.csv("tests/reference/data/synth7_disclosure.csv")
people$age[c(3, 50, 51)] <- NA
margins <- list(female = c("0" = 0.45, "1" = 0.55), ageband = c("1" = 0.15, "2" = 0.2, "3" = 0.2, "4" = 0.2, "5" = 0.15, "6" = 0.1))

mean_of <- function(design) {
  known <- subset(design, !is.na(age))
  found <- svymean(~age, svydesign(~1, weights = ~w, data = transform(known$variables, w = weights(known))))
  list(estimate = unname(coef(found)), std_error = unname(SE(found)[1]))
}

given <- svydesign(~1, weights = ~w, data = people)
raked <- rake(given, list(~female, ~ageband), lapply(names(margins), function(name)
  setNames(data.frame(as.integer(names(margins[[name]])), unname(margins[[name]])), c(name, "Freq"))),
  control = list(maxit = 1000, epsilon = 1e-14, verbose = FALSE))
weights <- weights(raked) / mean(weights(raked))
again <- svydesign(~1, weights = ~v, data = transform(people, v = weights))
known <- subset(people, !is.na(age)); known$v <- weights[!is.na(people$age)]
second <- svymean(~age, svydesign(~1, weights = ~v, data = known))

write(toJSON(list(data = "data/synth7_disclosure.csv", missing = c(3, 50, 51), margins = lapply(margins, as.list),
  given = mean_of(given), raked = list(estimate = unname(coef(second)), std_error = unname(SE(second)[1])), weights = weights,
  r = R.version.string, survey = as.character(packageVersion("survey"))), auto_unbox = TRUE, digits = NA),
  "tests/reference/enquete_ponderee.json")
