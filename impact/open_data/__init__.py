"""Open data: anonymised respondents, codebook, DDI, data package, and the risk report published with them."""
