# Figures of groups.json: R 4.2.2, lavaan 0.6-14, semTools 0.5-6. Run from the repository's root.
suppressMessages({library(lavaan); library(semTools)})
levels_of <- list(configural = character(0), metric = "loadings", scalar = c("loadings", "intercepts"),
                  strict = c("loadings", "intercepts", "residuals"))
named <- function(fit) as.list(unclass(fitMeasures(fit)))
against <- function(fits) {
  out <- list()
  for (i in 2:length(fits)) {
    d <- as.data.frame(lavTestLRT(fits[[i - 1]], fits[[i]]))[2, ]
    out[[names(fits)[i]]] <- list(chi2 = d[["Chisq diff"]], df = d[["Df diff"]], p = d[["Pr(>Chisq)"]])
  }
  out
}
means_of <- function(fit) {
  p <- parameterEstimates(fit); p <- p[p$op == "~1" & p$lhs %in% lavNames(fit, "lv") & p$group > 1, ]
  list(group = p$group, scale = p$lhs, estimate = p$est, std_error = p$se)
}
ladder <- function(model, data, group, ...) {
  fits <- lapply(levels_of, function(equal) {
    given <- list(model, data, std.lv = TRUE, group = group, ...)
    if (length(equal)) given$group.equal <- equal
    do.call("cfa", given)
  })
  list(fit = lapply(fits, named), change = against(fits), means = means_of(fits$scalar), labels = lavInspect(fits[[1]], "group.label"))
}

hs <- read.csv("tests/reference/holzinger1939.csv")
hs_model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
gaps <- hs
for (j in 1:9) gaps[seq(j, nrow(gaps), by = 9 + j), j] <- NA
bfi <- read.csv("tests/reference/bfi.csv")
letters_of <- list(agree = "A", conscientious = "C", extraversion = "E", neuroticism = "N", openness = "O")
lines <- sapply(names(letters_of), function(s) paste0(s, " =~ ", paste0(letters_of[[s]], 1:5, collapse = " + ")))
two <- paste(lines[c("agree", "neuroticism")], collapse = "\n")
out <- list(
  holzinger_mlr = ladder(hs_model, hs, "group", estimator = "MLR"),
  holzinger_fiml = ladder(hs_model, gaps, "group", estimator = "ML", missing = "fiml"),
  holzinger_fiml_mlr = ladder(hs_model, gaps, "group", estimator = "MLR", missing = "fiml"),
  bfi_fiml_mlr = ladder(two, bfi, "group", estimator = "MLR", missing = "fiml"))

# Ordered answers: levels after Wu & Estabrook (2016), theta parameterization.
ordinal_levels <- list(configural = character(0), thresholds = "thresholds", metric = c("thresholds", "loadings"),
                       scalar = c("thresholds", "loadings", "intercepts"),
                       strict = c("thresholds", "loadings", "intercepts", "residuals"))
ordinal_ladder <- function(model, data, items) {
  begun <- proc.time()[["elapsed"]]
  fits <- lapply(ordinal_levels, function(equal) {
    given <- list(configural.model = model, data = data, ordered = items, parameterization = "theta", estimator = "WLSMV",
                  ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "group", return.fit = TRUE)
    if (length(equal)) given$group.equal <- equal
    do.call("measEq.syntax", given)
  })
  seconds <- proc.time()[["elapsed"]] - begun
  cuts <- function(fit) { p <- parameterEstimates(fit); p <- p[p$op == "|", ]
    list(item = p$lhs, cut = p$rhs, group = p$group, estimate = p$est) }
  free <- function(fit) { p <- parameterEstimates(fit); p <- p[p$op %in% c("=~", "~1") | (p$op == "~~" & p$lhs == p$rhs), ]
    list(lhs = p$lhs, op = p$op, rhs = p$rhs, group = p$group, estimate = p$est, std_error = p$se) }
  list(fit = lapply(fits, named), change = against(fits), seconds = seconds, thresholds = lapply(fits[2:5], cuts),
       estimates = lapply(fits, free), means = means_of(fits$scalar), labels = lavInspect(fits[[1]], "group.label"))
}
complete <- na.omit(bfi[, c(paste0(rep(unlist(letters_of), each = 5), 1:5), "group")])
out$bfi_wlsmv <- ordinal_ladder(paste(lines, collapse = "\n"), complete, names(complete)[1:25])
out$bfi_wlsmv_two <- ordinal_ladder(two, complete[1:700, ], c(paste0("A", 1:5), paste0("N", 1:5)))
sub <- complete[1:900, c(paste0("A", 1:5), paste0("N", 1:5), "group")]
sub[, 1:10] <- lapply(sub[, 1:10], function(x) c(1, 1, 2, 2, 3, 3)[x])
out$bfi_wlsmv_three_answers <- ordinal_ladder(two, sub, names(sub)[1:10])

# Reliability from factor models.
numeric <- complete[, 1:25]
for (i in c("A1", "C4", "C5", "E1", "E2", "O2", "O5")) numeric[[i]] <- 7 - numeric[[i]]
ordered_items <- numeric; ordered_items[] <- lapply(ordered_items, ordered)
scale_figures <- function(s) {
  own <- lines[[s]]
  one <- cfa(own, numeric, std.lv = TRUE); cat_fit <- cfa(own, ordered_items, std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")
  par <- paste0(letters_of[[s]], 1:5); defs <- paste0("l", 1:5, collapse = "+")
  labelled <- paste0(s, " =~ ", paste0("l", 1:5, "*", par, collapse = " + "), "\n", paste0(par, " ~~ e", 1:5, "*", par, collapse = "\n"),
                     "\nomega := (", defs, ")^2 / ((", defs, ")^2 + ", paste0("e", 1:5, collapse = "+"), ")")
  w <- function(...) { e <- parameterEstimates(cfa(labelled, numeric, std.lv = TRUE, ...)); e <- e[e$lhs == "omega", ]; list(estimate = e$est, std_error = e$se, low = e$ci.lower, high = e$ci.upper) }
  r <- suppressMessages(suppressWarnings(reliability(cat_fit)))
  list(omega_ml = w(estimator = "ML"), omega_mlr = w(estimator = "MLR"), semtools = as.list(suppressWarnings(reliability(one))[, 1]),
       ordinal = as.list(r[, 1]), ordinal_names = rownames(r),
       comp_ord = unname(suppressWarnings(compRelSEM(cat_fit, ord.scale = TRUE))), comp_lat = unname(suppressWarnings(compRelSEM(cat_fit, ord.scale = FALSE))))
}
out$reliability <- lapply(setNames(names(lines), names(lines)), scale_figures)
higher <- cfa(paste(c(lines[c("agree", "extraversion", "neuroticism")], "general =~ agree + extraversion + neuroticism"), collapse = "\n"), numeric)
out$second_order <- list(fit = named(higher), omega = as.list(suppressWarnings(reliabilityL2(higher, "general"))))
bif <- paste(c(paste0("general =~ ", paste0(rep(c("A", "E", "N"), each = 5), 1:5, collapse = " + ")),
               lines[c("agree", "extraversion", "neuroticism")]), collapse = "\n")
bifactor <- cfa(bif, numeric, std.lv = TRUE, orthogonal = TRUE)
out$bifactor <- list(fit = named(bifactor), omega = as.list(as.data.frame(t(suppressWarnings(reliability(bifactor))))))

# Factor scores, and paths that a user adds.
ml <- cfa(hs_model, hs, std.lv = TRUE)
score <- function(m) unname(unclass(lavPredict(ml, method = m)))[1:20, ]
l <- lavInspect(ml, "est"); s <- l$lambda %*% l$psi %*% t(l$lambda) + l$theta
out$scores <- list(regression = score("regression"), bartlett = score("Bartlett"),
                   determinacy = unname(sqrt(diag(l$psi %*% t(l$lambda) %*% solve(s) %*% l$lambda %*% l$psi) / diag(l$psi))))
also <- function(...) { f <- cfa(paste(hs_model, "visual =~ x9", "x7 ~~ x8", sep = "\n"), hs, std.lv = TRUE, ...); p <- parameterEstimates(f); z <- standardizedSolution(f)
  list(fit = named(f), lhs = p$lhs, op = p$op, rhs = p$rhs, estimate = p$est, std_error = p$se, standardized = z$est.std[seq_along(p$est)], standardized_error = z$se[seq_along(p$est)]) }
out$also <- list(ml = also(), mlr = also(estimator = "MLR"))
writeLines(jsonlite::toJSON(out, digits = 10, auto_unbox = TRUE, na = "null", null = "null"), "tests/reference/groups.json")
