# Figures of moments.json: R 4.2.2, base packages. Run from the repository's root.
x <- read.csv("tests/reference/bfi.csv")[, 1:5]
w <- rep_len(1:7, nrow(x))
complete <- complete.cases(x)
weighted <- cov.wt(x[complete, ], wt = w[complete], method = "unbiased", cor = TRUE)
writeLines(jsonlite::toJSON(list(
  n_used = sum(complete),
  effective_n = sum(w[complete])^2 / sum(w[complete]^2),
  means = unname(weighted$center), covariance = unname(weighted$cov), correlation = unname(weighted$cor),
  pairwise_correlation = unname(cor(x, use = "pairwise.complete.obs"))
), auto_unbox = TRUE, digits = 12, pretty = TRUE), "tests/reference/moments.json")
