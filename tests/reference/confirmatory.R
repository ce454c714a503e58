# Figures of confirmatory.json: R 4.2.2, lavaan 0.6-14. Run from the repository's root.
suppressMessages(library(lavaan))
loadings <- function(fit) {
  s <- standardizedSolution(fit); p <- parameterEstimates(fit)
  s <- s[s$op == "=~", ]; p <- p[p$op == "=~", ]
  list(item = p$rhs, estimate = p$est, std_error = p$se, standardized = s$est.std, standardized_error = s$se)
}
correlations <- function(fit) {
  s <- standardizedSolution(fit)
  s <- s[s$op == "~~" & s$lhs != s$rhs & s$lhs %in% lavNames(fit, "lv"), ]
  list(first = s$lhs, second = s$rhs, estimate = s$est.std, std_error = s$se)
}
fit_of <- function(fit) as.list(unclass(fitMeasures(fit)))
changes <- function(fit) {
  m <- modindices(fit); m <- m[order(-m$mi), ][1:12, ]
  list(lhs = m$lhs, op = m$op, rhs = m$rhs, mi = m$mi, epc = m$epc, sepc_all = m$sepc.all)
}
released <- function(fit) {
  p <- parTable(fit); u <- lavTestScore(fit)$uni
  u <- u[p$op[match(u$lhs, p$plabel)] == "~1", ]
  list(item = p$lhs[match(u$lhs, p$plabel)], score = u$X2)
}
means <- function(fit) { p <- parameterEstimates(fit); p <- p[p$op == "~1" & p$lhs %in% lavNames(fit, "lv") & p$group > 1, ]
  list(group = p$group, scale = p$lhs, estimate = p$est, std_error = p$se) }
ladder <- function(model, data, group) {
  levels <- list(configural = character(0), metric = "loadings", scalar = c("loadings", "intercepts"),
                 strict = c("loadings", "intercepts", "residuals"))
  lapply(levels, function(equal) {
    f <- if (length(equal)) cfa(model, data, std.lv = TRUE, group = group, group.equal = equal)
         else cfa(model, data, std.lv = TRUE, group = group)
    as.list(unclass(fitMeasures(f))[c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "srmr", "aic", "bic")])
  })
}

hs <- read.csv("tests/reference/holzinger1939.csv")
hs_model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
ml <- cfa(hs_model, hs, std.lv = TRUE)
marker <- cfa(hs_model, hs)
hs$w <- rep(c(1, 2, 0.5), length.out = nrow(hs))
weighted <- cfa(hs_model, hs, std.lv = TRUE, estimator = "MLR", sampling.weights = "w")
scalar <- cfa(hs_model, hs, std.lv = TRUE, group = "group", group.equal = c("loadings", "intercepts"))
partial <- cfa(hs_model, hs, std.lv = TRUE, group = "group", group.equal = c("loadings", "intercepts"),
               group.partial = c("x3 ~ 1", "x7 ~ 1"))

bfi <- read.csv("tests/reference/bfi.csv")
scales <- list(agree = "A", conscientious = "C", extraversion = "E", neuroticism = "N", openness = "O")
bfi_model <- paste(sapply(names(scales), function(s) paste0(s, " =~ ", paste0(scales[[s]], 1:5, collapse = " + "))), collapse = "\n")
fiml <- cfa(bfi_model, bfi, std.lv = TRUE, missing = "fiml")
robust_fiml <- cfa(bfi_model, bfi, std.lv = TRUE, missing = "fiml", estimator = "MLR")
ordered_bfi <- na.omit(bfi[, 1:25])
ordered_bfi[] <- lapply(ordered_bfi, ordered)
wlsmv <- cfa(bfi_model, ordered_bfi, std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")
few <- ordered_bfi[1:400, ]
few_wlsmv <- cfa("agree =~ A1 + A2 + A3 + A4\nneuroticism =~ N1 + N2 + N3", few, std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")
three <- na.omit(bfi[, c(paste0("A", 1:5), paste0("N", 1:5), "age")])
three$band <- ifelse(three$age < 21, "young", ifelse(three$age < 35, "middle", "old"))
two_model <- "agree =~ A1 + A2 + A3 + A4 + A5\nneuroticism =~ N1 + N2 + N3 + N4 + N5"
three_scalar <- cfa(two_model, three, std.lv = TRUE, group = "band", group.equal = c("loadings", "intercepts"))

out <- list(
  holzinger = list(
    modification = changes(ml), residual_correlations = unname(unclass(resid(ml, "cor")$cov)),
    marker = c(loadings(marker), list(fit = fit_of(marker))),
    weighted = c(loadings(weighted), list(fit = fit_of(weighted))),
    scalar_scores = released(scalar), scalar_means = means(scalar),
    partial = list(fit = fit_of(partial), means = means(partial)),
    one_scale = fit_of(cfa("speed =~ x7 + x8 + x9", hs, std.lv = TRUE))),
  bfi = list(
    fiml = c(loadings(fiml), list(fit = fit_of(fiml), correlations = correlations(fiml))),
    fiml_mlr = c(loadings(robust_fiml), list(fit = fit_of(robust_fiml))),
    wlsmv = c(loadings(wlsmv), list(fit = fit_of(wlsmv), correlations = correlations(wlsmv), modification = changes(wlsmv))),
    wlsmv_few = c(loadings(few_wlsmv), list(fit = fit_of(few_wlsmv), gamma = unname(unclass(lavInspect(few_wlsmv, "gamma"))),
                                            gamma_names = rownames(lavInspect(few_wlsmv, "gamma")))),
    three_groups = list(ladder = ladder(two_model, three, "band"), means = means(three_scalar))))

corporate <- "data/corporate_reputation/survey.csv"
if (length(commandArgs(TRUE))) corporate <- commandArgs(TRUE)[1]
cr <- read.csv(corporate)
cr[cr == -99] <- NA
cr_model <- "COMP =~ comp_1 + comp_2 + comp_3\nLIKE =~ like_1 + like_2 + like_3\nCUSL =~ cusl_1 + cusl_2 + cusl_3"
cr <- na.omit(cr[, c("servicetype", lavNames(lavParseModelString(cr_model, as.data.frame. = TRUE), "ov"))])
out$corporate <- list(n = nrow(cr), ladder = ladder(cr_model, cr, "servicetype"))

writeLines(jsonlite::toJSON(out, digits = 12, auto_unbox = TRUE, na = "null"), "tests/reference/confirmatory.json")
