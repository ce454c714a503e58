# Figures of survey.json: R 4.2.2, base packages. Run from the repository's root.
d <- read.csv("data/ecsi_mobile/survey.csv")
m <- mahalanobis(d, colMeans(d), cov(d))
answered <- 3:24
w <- rep(1:5, 50)
s <- cov.wt(as.matrix((d[, c("CUSL1", "CUSL3")] - 1) / 9 * 100), wt = w, method = "unbiased")
writeLines(jsonlite::toJSON(list(
  mahalanobis = m[c(1, 2, 250)],
  mahalanobis_below_001 = sum(pchisq(m, 24, lower.tail = FALSE) < .001),
  mahalanobis_row1_without_first_two = mahalanobis(d[1, answered], colMeans(d)[answered], cov(d)[answered, answered]),
  wilson_67_of_250 = prop.test(67, 250, correct = FALSE)$conf.int,
  longest_run_mean = mean(apply(d, 1, function(x) max(rle(x)$lengths))),
  weighted_means = s$center, weighted_sds = sqrt(diag(s$cov))
), auto_unbox = TRUE, digits = 12, pretty = TRUE), "tests/reference/survey.json")
