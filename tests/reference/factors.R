# Figures of factors.json: R 4.2.2, psych 2.2.9, lavaan 0.6-14. Run from the repository's root.
suppressMessages({library(psych); library(lavaan)})
d <- read.csv("tests/reference/bfi.csv")[, 1:25]
complete <- na.omit(d)
r <- cor(complete)
f <- fa(r, 5, n.obs = nrow(complete), fm = "ml", rotate = "oblimin", max.iter = 1000)
weights <- function(method) unname(factor.scores(r, unclass(f$loadings), Phi = f$Phi, method = method)$weights)
five <- complete[, c("A1", "A2", "C1", "C4", "N1")]
ordinal <- five
ordinal[] <- lapply(ordinal, ordered)
indefinite <- matrix(c(1, .9, .2, .9, 1, .9, .2, .9, 1), 3)
w <- rep(1:4, length.out = nrow(five))
writeLines(jsonlite::toJSON(list(
  loadings = unname(unclass(f$loadings)), phi = unname(f$Phi), complexity = unname(f$complexity),
  structure = unname(unclass(f$Structure)), p_value = f$PVAL, chi2 = f$STATISTIC,
  rmsea = unname(f$RMSEA[1:3]), objective = f$objective,
  one_factor_rmsea = unname(suppressWarnings(fa(r[1:5, 1:5], 1, n.obs = 60, fm = "ml"))$RMSEA[1:3]),
  residual_A1_A2 = f$residual["A1", "A2"],
  weights = list(regression = weights("Thurstone"), bartlett = weights("Bartlett"), tenberge = weights("tenBerge")),
  spearman_listwise = unname(cor(five, method = "spearman")),
  spearman_pairwise = unname(cor(d[, names(five)], method = "spearman", use = "pairwise")),
  pearson_pairwise = unname(cor(d[, names(five)], use = "pairwise")),
  weighted = unname(cov.wt(five, wt = w, cor = TRUE)$cor),
  polychoric = unname(unclass(lavCor(ordinal, ordered = names(five), output = "cor"))),
  thresholds_A1 = unname(polychoric(five, correct = 0)$tau["A1", ]),
  smoothed = unname(suppressWarnings(cor.smooth(indefinite)))
), auto_unbox = TRUE, digits = 12, pretty = FALSE), "tests/reference/factors.json")
