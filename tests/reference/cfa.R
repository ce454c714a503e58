# Figures of cfa.json: R 4.2.2, lavaan 0.6-14, semTools 0.5-6. Run from the repository's root.
suppressMessages(library(lavaan))
named <- function(fit) as.list(unclass(fitMeasures(fit)))
table_of <- function(fit, type = "std.all") {
  p <- parameterEstimates(fit); p <- p[!(p$op %in% c("|", "~*~", "~1")), ]
  z <- standardizedSolution(fit, type = type); z <- z[!(z$op %in% c("|", "~*~", "~1")), ]
  list(lhs = p$lhs, op = p$op, rhs = p$rhs, estimate = p$est, std_error = p$se, standardized = z$est.std, standardized_error = z$se)
}
shown <- function(fit) c(list(fit = named(fit)), table_of(fit))
hs <- read.csv("tests/reference/holzinger1939.csv")
hs_model <- "visual =~ x1 + x2 + x3\ntextual =~ x4 + x5 + x6\nspeed =~ x7 + x8 + x9"
gaps <- hs
for (j in 1:9) gaps[seq(j, nrow(gaps), by = 9 + j), j] <- NA
bfi <- read.csv("tests/reference/bfi.csv")
letters_of <- list(agree = "A", conscientious = "C", extraversion = "E", neuroticism = "N", openness = "O")
lines <- sapply(names(letters_of), function(s) paste0(s, " =~ ", paste0(letters_of[[s]], 1:5, collapse = " + ")))
items <- paste0(rep(unlist(letters_of), each = 5), 1:5)
complete <- na.omit(bfi[, items])
two <- paste(lines[c("agree", "neuroticism")], collapse = "\n")
two_items <- c(paste0("A", 1:5), paste0("N", 1:5))

# What a user adds.
added <- paste(hs_model, "visual =~ x9\nx4 ~~ x7\nx2 ~~ x3", sep = "\n")
ml <- cfa(added, hs, std.lv = TRUE)
m <- modindices(ml, sort. = TRUE)[1:10, ]
added_two <- paste(two, "neuroticism =~ A1\nN1 ~~ N2\nA4 ~~ N5", sep = "\n")
out <- list(also = list(
  ml = shown(ml), marker = shown(cfa(added, hs)), mlr = shown(cfa(added, hs, std.lv = TRUE, estimator = "MLR")),
  fiml = shown(cfa(added, gaps, std.lv = TRUE, missing = "fiml")),
  wlsmv = shown(cfa(added_two, complete[1:1000, two_items], std.lv = TRUE, ordered = TRUE, estimator = "WLSMV")),
  modification = list(lhs = m$lhs, op = m$op, rhs = m$rhs, mi = m$mi, epc = m$epc)))
levels_of <- list(configural = character(0), metric = "loadings", scalar = c("loadings", "intercepts"),
                  strict = c("loadings", "intercepts", "residuals"))
group_model <- paste(hs_model, "visual =~ x9\nx4 ~~ x7", sep = "\n")
out$also$groups <- lapply(levels_of, function(equal) {
  given <- list(group_model, hs, std.lv = TRUE, group = "group", estimator = "MLR")
  if (length(equal)) given$group.equal <- equal
  named(do.call("cfa", given))
})

suppressMessages(library(semTools))
ordinal_levels <- list(configural = character(0), thresholds = "thresholds", metric = c("thresholds", "loadings"),
                       scalar = c("thresholds", "loadings", "intercepts"),
                       strict = c("thresholds", "loadings", "intercepts", "residuals"))
grouped <- na.omit(bfi[, c(two_items, "group")])[1:700, ]
out$also$ordinal_groups <- lapply(ordinal_levels, function(equal) {
  given <- list(configural.model = added_two, data = grouped, ordered = two_items, parameterization = "theta",
                estimator = "WLSMV", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "group", return.fit = TRUE)
  if (length(equal)) given$group.equal <- equal
  named(do.call("measEq.syntax", given))
})

# Factor scores.
score <- function(fit, m) unname(unclass(lavPredict(fit, method = m)))[1:60, ]
plain <- cfa(hs_model, hs, std.lv = TRUE); with_gaps <- cfa(hs_model, gaps, std.lv = TRUE, missing = "fiml")
out$scores <- list(regression = score(plain, "regression"), bartlett = score(plain, "Bartlett"),
  added_regression = score(ml, "regression"), added_bartlett = score(ml, "Bartlett"),
  marker_regression = score(cfa(hs_model, hs), "regression"), marker_bartlett = score(cfa(hs_model, hs), "Bartlett"),
  fiml_regression = score(with_gaps, "regression"), fiml_bartlett = score(with_gaps, "Bartlett"))

# A general factor above the scales, or beside them.
numeric <- complete
higher <- paste(c(lines, paste("general =~", paste(names(lines), collapse = " + "))), collapse = "\n")
second <- function(...) { f <- cfa(higher, std.lv = TRUE, ...)
  c(list(fit = named(f), lv = table_of(f, "std.lv")), table_of(f)) }
out$second_order <- list(ml = second(numeric), mlr = second(numeric, estimator = "MLR"), fiml = second(bfi, missing = "fiml"),
  wlsmv = second(numeric, ordered = TRUE, estimator = "WLSMV"))
f <- cfa(higher, numeric, std.lv = TRUE)
out$second_order$scores <- list(regression = score(f, "regression"), bartlett = score(f, "Bartlett"))
bif <- paste(c(paste0("general =~ ", paste0(rep(c("A", "E", "N"), each = 5), 1:5, collapse = " + ")),
               lines[c("agree", "extraversion", "neuroticism")]), collapse = "\n")
bifactor <- function(...) shown(cfa(bif, std.lv = TRUE, orthogonal = TRUE, ...))
out$bifactor <- list(ml = bifactor(numeric), mlr = bifactor(numeric, estimator = "MLR"),
  wlsmv = bifactor(numeric[, c(paste0("A", 1:5), paste0("E", 1:5), paste0("N", 1:5))], ordered = TRUE, estimator = "WLSMV"))
f <- cfa(bif, numeric, std.lv = TRUE, orthogonal = TRUE)
out$bifactor$scores <- list(regression = score(f, "regression"), bartlett = score(f, "Bartlett"))

# Ordered answers with gaps: thresholds from all who answered an item, correlations from all who answered both.
pairwise <- function(model, names, rows) {
  f <- cfa(model, bfi[rows, names], std.lv = TRUE, ordered = names, estimator = "WLSMV", missing = "pairwise")
  c(shown(f), list(correlations = unname(unclass(lavInspect(f, "sampstat")$cov)),
    order = rownames(lavInspect(f, "sampstat")$cov), n = lavInspect(f, "nobs")))
}
out$pairwise <- list(two = pairwise(two, two_items, 1:700), five = pairwise(paste(lines, collapse = "\n"), items, 1:2800))
out$pairwise$groups <- lapply(ordinal_levels[c("configural", "scalar")], function(equal) {
  given <- list(configural.model = two, data = bfi[1:900, c(two_items, "group")], ordered = two_items, parameterization = "theta",
                estimator = "WLSMV", missing = "pairwise", ID.fac = "std.lv", ID.cat = "Wu.Estabrook.2016", group = "group",
                return.fit = TRUE)
  if (length(equal)) given$group.equal <- equal
  named(do.call("measEq.syntax", given))
})
writeLines(jsonlite::toJSON(out, digits = 10, auto_unbox = TRUE, na = "null", null = "null"), "tests/reference/cfa.json")
