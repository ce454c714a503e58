# Reference figures of covariance structural models: estimates, standardized estimates, robust errors and tests,
# modification indices. lavaan 0.6-14. Usage: Rscript structural.R corporate_reputation/survey.csv OUT.json
suppressMessages({library(lavaan); library(jsonlite)})
a <- commandArgs(TRUE)
cr <- read.csv(a[1])
cr[cr == -99] <- NA
for (v in names(cr)) if (is.numeric(cr[[v]])) cr[[v]][is.na(cr[[v]])] <- mean(cr[[v]], na.rm = TRUE)
measures <- c("chisq", "df", "pvalue", "cfi", "tli", "rmsea", "rmsea.ci.lower", "rmsea.ci.upper", "srmr", "logl",
              "aic", "bic", "baseline.chisq", "baseline.df")
robust <- c("chisq.scaled", "pvalue.scaled", "chisq.scaling.factor", "cfi.scaled", "tli.scaled", "rmsea.scaled",
            "cfi.robust", "tli.robust", "rmsea.robust", "rmsea.ci.lower.robust", "rmsea.ci.upper.robust")
rows <- function(t) lapply(split(t, seq_len(nrow(t))), function(r) as.list(r))
estimates <- function(f) { p <- parameterEstimates(f); s <- standardizedSolution(f)
  p$std <- s$est.std; p$std_se <- s$se; keep <- p$op %in% c("~", "=~", ":=", "~~")
  unname(rows(p[keep, c("lhs", "op", "rhs", "est", "se", "std", "std_se")])) }
told <- function(model, data, mlr = TRUE) {
  f <- sem(model, data); r <- sem(model, data, estimator = "MLR"); m <- modindices(f)
  list(n = nrow(data), fit = as.list(fitMeasures(f, measures)), ml = estimates(f),
       mlr_fit = as.list(fitMeasures(r, robust)), mlr = estimates(r), r2 = as.list(inspect(f, "r2")),
       modification = unname(rows(m[, c("lhs", "op", "rhs", "mi", "epc", "sepc.all")])))
}
measurement <- "competence =~ comp_1 + comp_2 + comp_3
likeability =~ like_1 + like_2 + like_3
satisfaction =~ cusa
loyalty =~ cusl_1 + cusl_2 + cusl_3\n"
full <- paste0(measurement, "satisfaction ~ a1*competence + a2*likeability
loyalty ~ c1*competence + c2*likeability + b*satisfaction
ind_competence := a1*b
ind_likeability := a2*b
total_competence := c1 + a1*b
total_likeability := c2 + a2*b")
chain <- paste0(measurement, "likeability ~ a*competence
satisfaction ~ b*likeability
loyalty ~ c*satisfaction
two := a*b
three := a*b*c")
outcomes <- paste0(measurement, "satisfaction ~ competence
loyalty ~ likeability")
out <- list(software = paste("R", getRversion(), "lavaan", packageVersion("lavaan")),
            full = told(full, cr), chain = told(chain, cr), outcomes = told(outcomes, cr))
write_json(out, a[2], digits = 10, auto_unbox = TRUE)
