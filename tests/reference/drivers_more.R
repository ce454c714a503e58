# More reference values from R for the drivers of ecsi_mobile, made by
#   Rscript drivers_more.R survey.csv ecsi_mobile_drivers.json drivers_more.json
# Weights w = 0.5 + (row mod 4) / 2; region = north, south, east by turns; cluster = row / 10 rounded up;
# returns = loyalty over 60.
suppressMessages({library(sandwich); library(lmtest); library(car); library(MASS); library(jsonlite)})
args <- commandArgs(TRUE)
d <- read.csv(args[1]); given <- fromJSON(args[2])
S <- as.data.frame(sapply(given$scales, function(it) rowMeans((d[, it, drop = FALSE] - 1) / 9 * 100)))
n <- nrow(S)
S$w <- 0.5 + ((seq_len(n) - 1) %% 4) / 2
S$region <- c("north", "south", "east")[(seq_len(n) - 1) %% 3 + 1]
S$cluster <- (seq_len(n) - 1) %/% 10
S$returns <- as.numeric(S$loyalty > 60)
S$CUSL3 <- d$CUSL3
p <- setdiff(names(given$scales), "loyalty")
plain <- reformulate(p, "loyalty")
l <- function(x) as.list(x)
ses <- function(V) l(sqrt(diag(V)))

f <- lm(plain, S)
wf <- lm(plain, S, weights = w)
cf <- lm(update(plain, . ~ . + region), S)
g <- glm(reformulate(p, "returns"), binomial, S, control = glm.control(epsilon = 1e-14, maxit = 50))
Z <- S; Z[p] <- scale(S[p])
po <- polr(reformulate(p, "factor(CUSL3)"), Z, weights = w / mean(w), Hess = TRUE, control = list(reltol = 1e-14, maxit = 1000))
two <- lm(update(plain, . ~ . + region + (image + expectation + quality + value + satisfaction + complaints):region), S)
new <- predict(f, S[1:3, ], interval = "prediction")

res <- list(
  weighted = list(coef = l(coef(wf)), se_hc3 = ses(vcovHC(wf, "HC3")), r2 = summary(wf)$r.squared, aic = AIC(wf), bic = BIC(wf), vif = l(vif(wf)),
    press_r2 = with(list(e = resid(wf) / (1 - hatvalues(wf))), 1 - sum(S$w * e^2) / sum(S$w * (S$loyalty - weighted.mean(S$loyalty, S$w))^2))),
  controls = list(coef = l(coef(cf)), se_hc3 = ses(vcovHC(cf, "HC3"))),
  cluster = list(se = ses(vcovCL(f, S$cluster)), se_weighted = ses(vcovCL(wf, S$cluster))),
  logit = list(coef = l(coef(g)), se = ses(vcov(g)), se_hc3 = ses(vcovHC(g, "HC3")), loglik = as.numeric(logLik(g)), aic = AIC(g)),
  ordered_weighted = list(coef_std = l(coef(po)), loglik = as.numeric(logLik(po))),
  reset = list(statistic = unname(resettest(f, 2:3, "fitted")$statistic), p = unname(resettest(f, 2:3, "fitted")$p.value)),
  chow = list(statistic = anova(cf, two)$F[2], p = anova(cf, two)$`Pr(>F)`[2], df = anova(cf, two)$Df[2]),
  influence = list(cooks = l(unname(cooks.distance(f)[1:5])), leverage = l(unname(hatvalues(f)[1:5])), shift = l(unname((coef(f) - coef(update(f, subset = -1)))[p]))),
  prediction = list(fit = l(unname(new[, "fit"])), low = l(unname(new[, "lwr"])), high = l(unname(new[, "upr"]))),
  versions = paste("R", getRversion(), "sandwich", packageVersion("sandwich"), "lmtest", packageVersion("lmtest"), "car", packageVersion("car"), "MASS", packageVersion("MASS")))
write_json(res, args[3], auto_unbox = TRUE, digits = 12, pretty = TRUE)
