# Recompute in R, from the open data package alone, the main tables of the demonstration campaign.
#
#     apt-get install r-base-core r-cran-psych r-cran-metafor r-cran-lavaan r-cran-jsonlite     # Debian
#     Rscript tests/reference/paquet_ouvert.R                                                   # from the project's folder
#
# It reads donnees_anonymisees/demonstration/ (the synthetic file, which has every column, and the respondents) and the
# scoring key of datapackage.json, and writes tests/reference/paquet_ouvert.json, which tests/test_open_data_in_r.py
# compares with the library's own values on the same files.

suppressPackageStartupMessages({ library(jsonlite); library(psych); library(metafor); library(lavaan) })

folder <- "donnees_anonymisees/demonstration"
package <- fromJSON(file.path(folder, "datapackage.json"), simplifyVector = FALSE)
answers <- read.csv(file.path(folder, "synthetique.csv"), colClasses = "character", na.strings = "")
people <- read.csv(file.path(folder, "repondants.csv"))

# What each answer is worth, reversed items already turned; anything else is no answer.
item_values <- function(scale, rows) {
  values <- lapply(scale$items, function(item) as.numeric(unlist(item$values)[rows[[item$name]]]))
  setNames(as.data.frame(values), sapply(scale$items, `[[`, "name"))
}

# Person-mean prorating: the mean of the answered items, if there are enough; times their number for a sum.
scores <- function(scale, items) {
  mean <- ifelse(rowSums(!is.na(items)) >= scale$min_answered, rowMeans(items, na.rm = TRUE), NA)
  if (scale$score == "sum") mean * length(scale$items) else mean
}

# Change adjusted for the first score: within-association slope, first scores of everybody who began.
adjusted <- function(before, after, place, began, began_place) {
  change <- after - before
  fit <- lm(change ~ 0 + place + before)
  slope <- coef(fit)[["before"]]; s2 <- summary(fit)$sigma^2
  n <- tapply(before, place, length); N <- tapply(began, began_place, length)
  x <- tapply(before, place, mean); X <- tapply(began, began_place, mean)
  within <- sum((before - x[place])^2)
  V <- sum((began - X[began_place])^2) / (length(began) - length(N))
  list(estimate = as.numeric(tapply(change, place, mean) + slope * (X - x)),
       std_error = as.numeric(sqrt(s2 * (1 / n + (X - x)^2 / within) + slope^2 * V / N)))
}

one_scale <- function(scale) {
  waves <- unique(answers$wave)
  items <- item_values(scale, answers)
  score <- scores(scale, items)
  reliability <- lapply(waves, function(wave) {
    complete <- na.omit(items[answers$wave == wave, ])
    list(wave = wave, n = nrow(complete), alpha = suppressWarnings(psych::alpha(complete)$total$raw_alpha))
  })
  key <- paste(answers$association, answers$participant)
  first <- answers$wave == waves[1] & !is.na(score); last <- answers$wave == waves[2] & !is.na(score)
  both <- intersect(key[first], key[last])
  before <- score[first][match(both, key[first])]; after <- score[last][match(both, key[last])]
  levels <- unique(answers$association)
  place <- factor(answers$association[first][match(both, key[first])], levels)
  changes <- lapply(levels, function(one) {
    test <- t.test(after[place == one], before[place == one], paired = TRUE)
    list(association = one, n = sum(place == one), estimate = unname(test$estimate),
         ci_low = test$conf.int[1], ci_high = test$conf.int[2])
  })
  own <- adjusted(before, after, place, score[first], factor(answers$association[first], levels))
  meta <- rma(own$estimate, sei = own$std_error, method = "REML", test = "knha",
              control = list(threshold = 1e-12, maxiter = 10000, tau2.max = 1e4))
  foreseen <- predict(meta)
  complete <- na.omit(items[answers$wave == waves[1], ])
  model <- paste("f =~", paste(names(items), collapse = " + "))
  fit <- fitMeasures(cfa(model, complete, std.lv = TRUE), c("chisq", "cfi", "rmsea", "srmr"))
  list(reliability = reliability, change = changes, adjusted = own,
       pooled = list(estimate = meta$b[1], ci_low = meta$ci.lb, ci_high = meta$ci.ub, tau2 = meta$tau2,
                     i2 = meta$I2 / 100, q = meta$QE, prediction_low = foreseen$pi.lb, prediction_high = foreseen$pi.ub),
       cfa = as.list(unclass(fit)))
}

respondents <- function(scale) {
  names <- paste0(scale$name, c("_avant", "_apres"))
  test <- t.test(people[[names[2]]], people[[names[1]]], paired = TRUE)
  list(n = unname(test$parameter) + 1, change = unname(test$estimate), ci_low = test$conf.int[1], ci_high = test$conf.int[2])
}

names <- sapply(package$scales, `[[`, "name")
files <- sapply(c("synthetique.csv", "repondants.csv"), function(name)
  Filter(function(one) one$path == name, package$resources)[[1]]$hash)
stored <- list(files = as.list(files), r = R.version.string,
  packages = lapply(c(psych = "psych", metafor = "metafor", lavaan = "lavaan"), function(name) as.character(packageVersion(name))),
  scales = setNames(lapply(package$scales, one_scale), names),
  respondents = setNames(lapply(package$scales, respondents), names))
write(toJSON(stored, auto_unbox = TRUE, digits = NA, pretty = TRUE), "tests/reference/paquet_ouvert.json")
cat("tests/reference/paquet_ouvert.json\n")
