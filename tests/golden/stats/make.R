# SPDX-License-Identifier: GPL-3.0-or-later
# Rscript make.R: data.csv and golden.csv, the referees of tests/unit/test_stat*.
# R 4.2.2 with car (Levene), coin (exact rank tests with ties) and mclust
# (mixtures); what no package of Debian has is written out here from its
# definition.
suppressPackageStartupMessages({ library(car); library(coin); library(mclust) })
set.seed(20)
data <- file("data.csv", "w")
golden <- file("golden.csv", "w")
text <- function(x) ifelse(is.finite(x), formatC(x, digits = 17, format = "g", width = 1), "")
writeLines("set,kind,group,value", data)
writeLines("set,test,field,value", golden)
put <- function(set, test, ...) {
	v <- list(...)
	for (f in names(v))
		writeLines(paste(set, test, f, text(as.numeric(v[[f]])), sep = ","), golden)
}
# What R refuses is nothing.
try_ <- function(e) tryCatch(suppressWarnings(e), error = function(x) NULL)
keep <- function(set, kind, groups) {
	for (i in seq_along(groups)) for (x in groups[[i]])
		writeLines(paste(set, kind, i - 1, text(x), sep = ","), data)
}
WAYS <- 200000
spread <- function(x) length(unique(x)) > 1

describe <- function(set, name, x) {
	n <- length(x); m <- mean(x); s <- sd(x)
	q <- quantile(x, c(0, .25, .5, .75, 1), type = 7)
	put(set, name, mean = m, sd = s, min = q[1], q1 = q[2], median = q[3], q3 = q[4], max = q[5])
	if (n > 1) {
		chi <- sqrt((n - 1) / qchisq(c(.975, .025), n - 1))
		half <- qt(.975, n - 1) * s / sqrt(n)
		put(set, name, mean_low = m - half, mean_high = m + half, cv = s / abs(m),
		    cv_low = s * chi[1] / abs(m), cv_high = s * chi[2] / abs(m))
	}
	w <- if (n >= 3 && spread(x)) shapiro.test(x) else NULL
	put(set, paste0("shapiro_", name), value = if (is.null(w)) NA else w$statistic,
	    p = if (is.null(w)) NA else w$p.value)
}
put_t <- function(set, test, r, estimate) {
	if (is.null(r)) put(set, test, value = NA, p = NA)
	else put(set, test, value = r$statistic, df = r$parameter, p = r$p.value,
		 estimate = estimate, low = r$conf.int[1], high = r$conf.int[2])
}
# t.test() refuses by a threshold where these data have a spread.
welch <- function(a, b, level = .95) {
	if (length(a) < 2 || length(b) < 2 || !(spread(a) || spread(b))) return(NULL)
	d <- mean(b) - mean(a)
	r <- try_(t.test(b, a, conf.level = level))
	if (!is.null(r) && is.finite(r$p.value)) return(r)
	scale <- max(abs(c(a, b))); va <- var(a / scale) / length(a); vb <- var(b / scale) / length(b)
	df <- (va + vb)^2 / (va^2 / (length(a) - 1) + vb^2 / (length(b) - 1)); se <- sqrt(va + vb) * scale
	list(statistic = d / se, parameter = df, p.value = 2 * pt(-abs(d / se), df),
	     conf.int = d + c(-1, 1) * qt(.5 + level / 2, df) * se)
}
munzel_parts <- function(a, b) {
	n1 <- length(a); n2 <- length(b); r <- rank(c(a, b))
	ra <- r[seq_len(n1)]; rb <- r[n1 + seq_len(n2)]
	s <- function(r, own) { n <- length(r); sum((r - own - mean(r) + (n + 1) / 2)^2) / (n - 1) }
	v1 <- n1 * s(ra, rank(a)); v2 <- n2 * s(rb, rank(b)); d <- mean(rb) - mean(ra)
	w <- if (v1 + v2 > 1e-9) n1 * n2 * d / ((n1 + n2) * sqrt(v1 + v2)) else if (d == 0) 0 else sign(d) * Inf
	list(w = w, df = (v1 + v2)^2 / (v1^2 / (n1 - 1) + v2^2 / (n2 - 1)), estimate = .5 + d / (n1 + n2))
}
munzel <- function(set, a, b) {
	n1 <- length(a); n2 <- length(b)
	if (n1 < 2 || n2 < 2) return(put(set, "munzel", value = NA, p = NA))
	m <- munzel_parts(a, b)
	put(set, "munzel", value = m$w, estimate = m$estimate)
	ways <- choose(n1 + n2, n1)
	if (!spread(c(a, b))) put(set, "munzel", p = 1)
	else if (is.finite(m$w) && n1 >= 10 && n2 >= 10)
		put(set, "munzel", df = m$df, p = 2 * pt(-abs(m$w), m$df))
	else if (ways <= 20000) {
		x <- c(a, b)
		w <- combn(n1 + n2, n1, function(i) munzel_parts(x[i], x[-i])$w)
		put(set, "munzel", p = mean(abs(w) >= abs(m$w) * (1 - 1e-9)))
	}
}
permute <- function(set, a, b) {
	n1 <- length(a); n <- n1 + length(b); x <- c(a, b)
	if (choose(n, n1) > WAYS) return()
	x <- x - mean(x); seen <- abs(mean(b) - mean(a))
	if (seen <= 4 * .Machine$double.eps * max(abs(c(a, b)))) p <- 1
	else {
		s <- colSums(matrix(x[combn(n, n1)], n1))
		p <- mean(abs(s / n1 + s / (n - n1)) >= seen * (1 - 1e-9))
	}
	put(set, "permute", p = p)
}
effects <- function(set, a, b, w) {
	n1 <- length(a); n2 <- length(b); v <- n1 + n2 - 2
	if (n1 < 2 || n2 < 2) return()
	sp <- sqrt(((n1 - 1) * var(a) + (n2 - 1) * var(b)) / v)
	d <- (mean(b) - mean(a)) / sp
	put(set, "cohen", d = d, g = d * exp(lgamma(v / 2) - lgamma((v - 1) / 2)) / sqrt(v / 2))
	put(set, "cliff", delta = mean(sign(outer(b, a, "-"))))
}
tost <- function(set, a, b, paired, margin) {
	logs <- all(c(a, b) > 0); m <- if (logs) -log1p(-margin) else margin * abs(mean(a))
	x <- if (logs) log(a) else a; y <- if (logs) log(b) else b
	r <- if (paired) one(y - x, .9) else welch(x, y, .9)
	if (is.null(r)) return()
	est <- if (paired) mean(y - x) else mean(y) - mean(x)
	se <- diff(r$conf.int) / 2 / qt(.95, r$parameter)
	p <- max(pt((est - m) / se, r$parameter), pt((est + m) / se, r$parameter, lower.tail = FALSE))
	ci <- if (logs) exp(r$conf.int) else r$conf.int
	put(set, "tost", estimate = if (logs) exp(est) else est, low = ci[1], high = ci[2], p = p,
	    equivalent = p <= .05)
}
one <- function(d, level = .95) {
	n <- length(d)
	if (n < 2 || !spread(d)) return(NULL)
	se <- sd(d) / sqrt(n); t <- mean(d) / se
	list(statistic = t, parameter = n - 1, p.value = 2 * pt(-abs(t), n - 1),
	     conf.int = mean(d) + c(-1, 1) * qt(.5 + level / 2, n - 1) * se)
}
two <- function(set, a, b) {
	keep(set, "two", list(a, b))
	describe(set, "a", a); describe(set, "b", b)
	put_t(set, "welch", welch(a, b), mean(b) - mean(a))
	st <- if (length(a) > 1 && length(b) > 1 && (spread(a) || spread(b)))
		try_(t.test(b, a, var.equal = TRUE)) else NULL
	put_t(set, "student", st, mean(b) - mean(a))
	w <- suppressWarnings(wilcox.test(b, a))
	put(set, "rank_sum", value = w$statistic, p = if (spread(c(a, b))) w$p.value else 1)
	g <- factor(rep(0:1, c(length(a), length(b)))); x <- c(a, b)
	if (anyDuplicated(x) && choose(length(x), length(a)) <= WAYS && spread(x))
		put(set, "rank_sum", p_exact = pvalue(wilcox_test(x ~ g, distribution = "exact")))
	k <- suppressWarnings(ks.test(a, b))
	put(set, "ks", value = k$statistic, p = k$p.value)
	l <- if (max(length(a), length(b)) > 2) try_(leveneTest(x, g)) else NULL
	far <- abs(x - ave(x, g, FUN = median))
	if (is.null(l) || !any(tapply(far, g, spread))) put(set, "levene", value = NA, p = NA)
	else put(set, "levene", value = l[1, 2], df2 = l[2, 1], p = l[1, 3])
	munzel(set, a, b); permute(set, a, b); effects(set, a, b)
	tost(set, a, b, FALSE, .02)
}
pair <- function(set, a, b) {
	keep(set, "pair", list(a, b))
	d <- b - a; n <- length(d)
	put_t(set, "paired_t", one(d), mean(d))
	w <- suppressWarnings(wilcox.test(b, a, paired = TRUE))
	nz <- d[d != 0]
	put(set, "signed_rank", value = if (length(nz)) w$statistic else 0,
	    p = if (length(nz)) w$p.value else 1)
	if (length(nz) && (anyDuplicated(abs(nz)) || length(nz) < n) && 2^length(nz) <= WAYS) {
		r <- rank(abs(nz)); v <- 0
		for (x in r) v <- c(v, v + x)
		put(set, "signed_rank", p_exact =
			mean(abs(v - sum(r) / 2) >= abs(sum(r[nz > 0]) - sum(r) / 2) - 1e-9))
	}
	if (n <= 16) {
		s <- 0
		for (x in d) s <- c(s - x, s + x)
		put(set, "flip", p = if (abs(mean(d)) <= 4 * .Machine$double.eps * max(abs(d))) 1
			else mean(abs(s / n) >= abs(mean(d)) * (1 - 1e-9)))
	}
	describe(set, "d", d)
	tost(set, a, b, TRUE, .02)
}
groups <- function(set, ...) {
	g <- list(...); k <- length(g)
	keep(set, "groups", g)
	x <- unlist(g); f <- factor(rep(seq_len(k), lengths(g)))
	inner <- any(sapply(g, spread))
	a <- if (inner) try_(anova(lm(x ~ f))) else NULL
	if (is.null(a)) put(set, "anova", value = NA, p = NA)
	else put(set, "anova", value = a[1, 4], df = a[1, 1], df2 = a[2, 1], p = a[1, 5])
	w <- if (all(sapply(g, spread))) try_(oneway.test(x ~ f)) else NULL
	if (is.null(w)) put(set, "welch_anova", value = NA, p = NA)
	else put(set, "welch_anova", value = w$statistic, df2 = w$parameter[2], p = w$p.value)
	h <- kruskal.test(x, f)
	put(set, "kruskal", value = if (spread(x)) h$statistic else 0, p = if (spread(x)) h$p.value else 1)
	l <- if (max(lengths(g)) > 2) try_(leveneTest(x, f)) else NULL
	far <- abs(x - ave(x, f, FUN = median))
	if (is.null(l) || !any(tapply(far, f, spread))) put(set, "levene", value = NA, p = NA)
	else put(set, "levene", value = l[1, 2], p = l[1, 3])
	t <- if (inner) TukeyHSD(aov(x ~ f))$f else NULL
	for (i in seq_len(k - 1)) for (j in (i + 1):k) {
		at <- paste0("tukey_", i - 1, "_", j - 1)
		row <- paste0(j, "-", i)
		if (is.null(t)) put(set, at, p = NA)
		else put(set, at, estimate = t[row, 1], low = t[row, 2], high = t[row, 3], p = t[row, 4])
		va <- var(g[[i]]) / length(g[[i]]); vb <- var(g[[j]]) / length(g[[j]])
		if (is.na(va + vb) || va + vb == 0) next
		df <- (va + vb)^2 / (va^2 / (length(g[[i]]) - 1) + vb^2 / (length(g[[j]]) - 1))
		d <- mean(g[[j]]) - mean(g[[i]]); se <- sqrt((va + vb) / 2)
		put(set, paste0("games_", i - 1, "_", j - 1), estimate = d,
		    p = if (df >= 2) ptukey(abs(d) / se, k, df, lower.tail = FALSE) else NA,
		    low = if (df >= 2) d - qtukey(.95, k, df) * se else NA)
	}
}
rank_cor <- function(set, x, y) {
	keep(set, "cor", list(x, y))
	r <- suppressWarnings(cor.test(x, y, method = "spearman"))
	put(set, "spearman", value = r$estimate, p = r$p.value)
}
adjust <- function(set, p) {
	keep(set, "adjust", list(p))
	for (i in seq_along(p)) {
		put(set, "holm", x = p.adjust(p, "holm")[i])
		put(set, "bh", x = p.adjust(p, "BH")[i])
	}
}
counts <- function(set, x, n, y, m) {
	keep(set, "counts", list(c(x, n, y, m)))
	t <- matrix(c(x, n - x, y, m - y), 2)
	c1 <- suppressWarnings(chisq.test(t, correct = FALSE)); c2 <- suppressWarnings(chisq.test(t))
	w <- suppressWarnings(prop.test(x, n, correct = FALSE))$conf.int
	put(set, "counts", chi2 = c1$statistic, p = c1$p.value, chi2_yates = c2$statistic,
	    p_yates = c2$p.value, p_fisher = fisher.test(t)$p.value, low = w[1], high = w[2])
}

two("n3", c(2.61, 2.74, 2.66), c(2.41, 2.52, 2.47))
two("n3_overlap", c(1, 5, 3), c(2, 6, 4))
two("n3_ties", c(1, 2, 2), c(2, 3, 3))
two("n4", c(5.1, 4.9, 5.3, 5.0), c(4.2, 4.4, 4.1, 4.6))
two("n5", rnorm(5, 10), rnorm(5, 12))
two("n5_ties", c(3, 3, 4, 5, 5), c(4, 5, 5, 6, 6))
two("n7_n9", rnorm(7, 100, 3), rnorm(9, 103, 5))
two("n8", rnorm(8, 1.5, .01), rnorm(8, 1.51, .01))
two("n8_ties", round(rnorm(8, 20, 2)), round(rnorm(8, 22, 2)))
two("n10", rnorm(10, 6.5, .2), rnorm(10, 6.4, .3))
two("n10_ties", round(rnorm(10, 8, 2)), round(rnorm(10, 9, 2)))
two("n10_apart", rnorm(10, 1, .1), rnorm(10, 9, .1))
two("n12", rexp(12), rexp(12) + .3)
two("n20", rnorm(20, 50, 4), rnorm(20, 52, 4))
two("n20_outlier", rep(260, 20), c(19790, rep(260, 19)))
two("n20_cold", rnorm(20, 260, 5), c(19790.11, rnorm(19, 260, 5)))
two("n3_n30", rnorm(3, 1), rnorm(30, 1.2))
two("n30_n3", round(rnorm(30, 10, 3)), round(rnorm(3, 11, 3)))
two("n2", c(1.5, 1.7), c(2.1, 2.6))
two("n1_n5", 3.2, c(3.1, 3.5, 3.9, 4.2, 3.3))
two("n2_n50", rnorm(2), rnorm(50))
two("n49", rnorm(49), rnorm(49, .3))
two("n50", rnorm(50), rnorm(50, .4))
two("n49_n50", rnorm(49), rnorm(50, .4))
two("n49_ties", round(rnorm(49), 1), round(rnorm(49, .3), 1))
two("n99_n101", rnorm(99), rnorm(101, .2))
two("n100", rnorm(100), rnorm(100, .2))
two("n100_ties", round(rnorm(100), 1), round(rnorm(100, .2), 1))
two("n11_n900", rnorm(11), rnorm(900, .5))
two("n1000", rnorm(1000, 5, .5), rnorm(1000, 5.02, .6))
two("tiny", rnorm(9, 2, .1) * 1e-12, rnorm(9, 2.1, .1) * 1e-12)
two("tiny_200", rnorm(9, 2, .1) * 1e-140, rnorm(9, 2.1, .1) * 1e-140)
two("huge", rnorm(9, 2, .1) * 1e12, rnorm(9, 2.1, .1) * 1e12)
two("huge_140", rnorm(9, 2, .1) * 1e140, rnorm(9, 2.1, .1) * 1e140)
two("offset", 1e9 + rnorm(12), 1e9 + 1 + rnorm(12))
two("offset_1e5", 1e5 + rnorm(12), 1e5 + 1 + rnorm(12))
two("constant_equal", rep(4.2, 5), rep(4.2, 5))
two("constant_apart", rep(4.2, 5), rep(4.3, 5))
two("constant_apart_n3", rep(1, 3), rep(2, 3))
two("one_constant", rep(7, 6), c(7.1, 6.8, 7.4, 7.2, 6.9, 7.3))
two("one_constant_n3", rep(7, 3), c(7.1, 6.8, 7.4))
two("negative", -rnorm(9, 20, 2), -rnorm(9, 22, 2))
two("both_signs", rnorm(9, 0, 2), rnorm(9, .5, 2))
two("zeros", c(0, 0, 0, 1, 0, 2), c(0, 1, 0, 3, 0, 0))
two("counts", rpois(15, 4), rpois(15, 5))
two("binary", rep(0:1, c(12, 8)), rep(0:1, c(7, 13)))
two("lognormal", rlnorm(25), rlnorm(25, .4))
two("exponential", rexp(30), rexp(40))
two("bimodal", c(rnorm(12, 5), rnorm(12, 15)), c(rnorm(12, 6), rnorm(12, 14)))
two("heavy_tail", rt(30, 2), rt(30, 2) + .5)
two("identical", c(1.1, 2.2, 3.3, 4.4, 5.5), c(1.1, 2.2, 3.3, 4.4, 5.5))
two("reversed", c(.1, .2, .3, .4, .5, .6), c(.6, .5, .4, .3, .2, .1))
two("spreads_differ", rnorm(15, 10, .1), rnorm(15, 10.2, 3))
two("agent", 114.54 + 2.97 * c(-1, 0, 1), 99.34 + .36 * c(-1, 0, 1))
two("equivalent", rnorm(20, 100, .4), rnorm(20, 100.1, .4))
two("uniform", runif(40), runif(35, .1, 1.1))
pair("pair_n3", c(5.1, 6.2, 7.4), c(5.3, 6.1, 7.9))
pair("pair_n5", c(10, 20, 30, 40, 50), c(11.5, 23, 34.1, 42.2, 57))
pair("pair_n6", c(10, 20, 30, 40, 50, 60), c(11.5, 23, 34.1, 42.2, 57, 66.1))
pair("pair_n10_ties", c(3, 5, 6, 8, 9, 11, 13, 14, 15, 18), c(4, 7, 5, 10, 10, 12, 15, 13, 17, 20))
pair("pair_zeros", c(1, 2, 3, 4, 5, 6, 7), c(1, 2, 4, 6, 5, 9, 6))
pair("pair_equal", c(4, 8, 15, 16, 23, 42), c(4, 8, 15, 16, 23, 42))
pair("pair_shift", c(4, 8, 15, 16, 23, 42), c(6, 10, 17, 18, 25, 44))
pair("pair_n12", rnorm(12, 100, 20), rnorm(12, 101, 20))
pair("pair_n20_outlier", rep(260, 20), c(rep(260, 19), 19790))
x <- rlnorm(20, 9, .5); pair("pair_prompts", x, x * rnorm(20, 1.004, .01))
pair("pair_n17_ties", round(rnorm(17, 10, 3)), round(rnorm(17, 11, 3)))
pair("pair_n18_ties", round(rnorm(18, 10, 3)), round(rnorm(18, 11, 3)))
pair("pair_n49", rnorm(49), rnorm(49, .2))
pair("pair_n50", rnorm(50), rnorm(50, .2))
# What is missing on a side is left out: four pairs of six.
a <- c(p1 = 5.2, p2 = 6.1, p3 = 7.7, p4 = 8.3, p5 = 9.9); b <- c(p2 = 6.4, p3 = 7.9, p4 = 9.1, p5 = 9.5, p6 = 1)
both <- intersect(names(a), names(b)); pair("pair_missing", a[both], b[both])
groups("three", rnorm(6, 10), rnorm(6, 11), rnorm(6, 13))
groups("three_n3", c(10.1, 10.4, 9.8), c(20.3, 19.7, 20.2), c(30.4, 29.9, 30.1))
groups("three_unequal", rnorm(4, 5), rnorm(9, 5.5, 2), rnorm(15, 6, .5))
groups("three_ties", c(1, 2, 2, 3), c(2, 2, 3, 3), c(3, 4, 4, 5))
groups("one_constant_group", rep(5, 4), c(5.1, 5.3, 4.9, 5.2), c(6.1, 6.2, 5.8, 6.3))
groups("all_constant", rep(1, 3), rep(2, 3), rep(3, 3))
groups("all_equal", rep(1, 3), rep(1, 3), rep(1, 3))
groups("three_n2", c(1, 2), c(3, 5), c(8, 13))
groups("five", rnorm(8), rnorm(8, .5), rnorm(8, 1), rnorm(8, 1.5), rnorm(8, 2))
groups("ten", rnorm(5), rnorm(5), rnorm(5), rnorm(5), rnorm(5), rnorm(5, 1), rnorm(5, 1), rnorm(5, 2), rnorm(5, 2), rnorm(5, 3))
groups("small_scale", rnorm(5, 1, .1) * 1e-9, rnorm(5, 1.1, .1) * 1e-9, rnorm(5, 1.4, .1) * 1e-9)
groups("far_apart", rnorm(4, 0, .01), rnorm(4, 100, .01), rnorm(4, 200, .01))
rank_cor("cor_n3", c(1, 2, 3), c(2, 1, 3))
rank_cor("cor_n5", c(1, 2, 3, 4, 5), c(1, 2, 4, 3, 5))
rank_cor("cor_n9", rnorm(9), rnorm(9))
rank_cor("cor_n10", rnorm(10), rnorm(10))
x <- rnorm(25); rank_cor("cor_n25", x, x + rnorm(25))
rank_cor("cor_negative", 1:12, -(1:12)^2 + c(0, 0, 9, 0, 0, 0, 30, 0, 0, 0, 0, 0))
rank_cor("cor_ties", round(rnorm(20)), round(rnorm(20)))
x <- rnorm(1300); rank_cor("cor_n1300", x, x * .05 + rnorm(1300))
adjust("p_plain", c(.01, .04, .03, .005))
adjust("p_ties", c(.02, .02, .02, .5, .9))
adjust("p_ten", runif(10)^3)
adjust("p_one", .04)
counts("agents", 13, 18, 7, 18)
counts("none", 0, 10, 4, 10)
counts("many", 480, 1000, 530, 1000)
for (n in c(5, 20, 100)) for (s in c(.3, 1, 2))
	put("power", paste0("n", n, "_", s), p = power.t.test(n, s)$power)
# Column 0 is the group of each row, the others are metrics.
manova_line <- function(set, test, r)
	put(set, test, value = r[2], f = r[3], df = r[4], df2 = r[5], p = r[6])
put_manova <- function(set, fit, q, intercept) {
	for (t in c("Wilks", "Pillai", "Hotelling-Lawley", "Roy")) {
		r <- try_(summary(fit, test = t, intercept = intercept))
		name <- c("wilks", "pillai", "hotelling", "roy")[match(t,
			c("Wilks", "Pillai", "Hotelling-Lawley", "Roy"))]
		if (is.null(r)) put(set, name, value = NA) else manova_line(set, name, r$stats[1, ])
		if (t != "Hotelling-Lawley" || is.null(r)) next
		p <- ncol(fit$residuals); n <- (fit$df.residual - p - 1) / 2; u <- r$stats[1, 2]
		if (n <= 1) { put(set, "mckeon", value = u, f = NA, p = NA); next }
		b <- (p + 2 * n) * (q + 2 * n) / (2 * (2 * n + 1) * (n - 1))
		c0 <- (2 + (p * q + 2) / (b - 1)) / (2 * n); df2 <- 4 + (p * q + 2) / (b - 1)
		f <- u / c0 * df2 / (p * q)
		put(set, "mckeon", value = u, f = f, df = p * q, df2 = df2,
		    p = pf(f, p * q, df2, lower.tail = FALSE))
	}
}
together <- function(set, g, y) {
	keep(set, "manova", c(list(g - 1), lapply(seq_len(ncol(y)), function(j) y[, j])))
	put_manova(set, manova(y ~ factor(g)), length(unique(g)) - 1, FALSE)
}
differences <- function(set, y) {
	keep(set, "manova_pairs", c(list(rep(0, nrow(y))), lapply(seq_len(ncol(y)), function(j) y[, j])))
	put_manova(set, manova(y ~ 1), 1, TRUE)
}
normal <- function(n, p, shift = 0) matrix(rnorm(n * p), n) + rep(shift, each = n)
together("man_2_2", rep(1:2, c(8, 8)), rbind(normal(8, 2), normal(8, 2, c(1, .5))))
together("man_2_5", rep(1:2, c(20, 20)), rbind(normal(20, 5), normal(20, 5, c(.8, 0, 0, -.4, 0))))
together("man_3_3", rep(1:3, c(10, 10, 10)), rbind(normal(10, 3), normal(10, 3, 1), normal(10, 3, c(0, 2, 0))))
together("man_4_2", rep(1:4, c(6, 6, 6, 6)), rbind(normal(6, 2), normal(6, 2, .5), normal(6, 2, 1), normal(6, 2, 1.5)))
together("man_unequal", rep(1:3, c(4, 17, 9)), rbind(normal(4, 4), normal(17, 4, .6) * 2, normal(9, 4, .2)))
together("man_4_5", rep(1:4, c(7, 9, 11, 13)), rbind(normal(7, 5), normal(9, 5, .5), normal(11, 5, c(0, 0, 1, 0, 0)), normal(13, 5)))
together("man_null", rep(1:2, c(15, 12)), normal(27, 3))
together("man_apart", rep(1:2, c(10, 10)), rbind(normal(10, 2), normal(10, 2, c(40, -30))))
together("man_few", rep(1:2, c(3, 3)), rbind(normal(3, 2), normal(3, 2, 1)))
together("man_least", rep(1:2, c(3, 3)), rbind(normal(3, 4), normal(3, 4, 1)))
together("man_singles", rep(1:3, c(1, 8, 8)), normal(17, 2))
y <- rbind(normal(12, 3), normal(12, 3, 1)); y[, 3] <- y[, 1] + .02 * y[, 3]
together("man_near", rep(1:2, c(12, 12)), y)
y <- rbind(normal(12, 3), normal(12, 3, 1)); y[, 3] <- y[, 1] - 2 * y[, 2] + .003 * y[, 3]
together("man_nearer", rep(1:2, c(12, 12)), y)
together("man_scales", rep(1:2, c(9, 11)), rbind(normal(9, 4), normal(11, 4, .7)) %*% diag(c(1e-9, 1, 1e6, 1e12)))
together("man_offset", rep(1:3, c(9, 9, 9)), rbind(normal(9, 2), normal(9, 2, 1), normal(9, 2, 2)) + 1e4)
together("man_joules", rep(1:2, c(5, 5)), cbind(c(2.61, 2.74, 2.66, 2.70, 2.65, 2.41, 2.52, 2.47, 2.44, 2.5),
	c(5.31, 5.2, 5.28, 5.25, 5.3, 5.6, 5.49, 5.52, 5.58, 5.5)))
y <- rbind(normal(10, 3), normal(10, 3, .5)); y[, 3] <- y[, 1] + y[, 2]
together("man_dependent", rep(1:2, c(10, 10)), y)
differences("man_pairs", normal(14, 3, c(.5, 0, -.2)))
differences("man_pairs_2", normal(9, 2, .4))
differences("man_pairs_few", normal(5, 3, .4))

# Points on a common scale; labels in order of appearance.
in_order <- function(l) match(l, unique(l))
silhouette <- function(x, l) {
	d <- as.matrix(dist(x))
	mean(sapply(seq_along(l), function(i) {
		own <- l == l[i]
		if (sum(own) < 2) return(0)
		a <- sum(d[i, own]) / (sum(own) - 1)
		b <- min(tapply(d[i, !own], l[!own], mean))
		(b - a) / max(a, b)
	}))
}
clusters <- function(set, x, k, separated = TRUE) {
	x <- scale(x)
	keep(set, "points", lapply(seq_len(ncol(x)), function(j) x[, j]))
	ward <- in_order(cutree(hclust(dist(x), "ward.D2"), k))
	for (l in ward) put(set, "ward", label = l - 1)
	put(set, "ward", k = k, silhouette = silhouette(x, ward))
	means <- kmeans(x, k, nstart = 200, iter.max = 100)
	put(set, "kmeans", squares = means$tot.withinss)
	if (separated) for (l in in_order(means$cluster)) put(set, "kmeans", label = l - 1)
	for (m in c("VVI", "VVV")) {
		fit <- try_(me(data = x, modelName = m, z = unmap(in_order(means$cluster)),
			       control = emControl(tol = c(1e-13, 1e-13), itmax = c(5000, 5000))))
		if (is.null(fit) || !is.finite(fit$loglik)) next
		put(set, m, bic = -bic(m, fit$loglik, fit$n, fit$d, k))
		for (l in in_order(max.col(fit$z))) put(set, m, label = l - 1)
	}
}
clusters("points_2", rbind(normal(12, 2), normal(15, 2, 8)), 2)
clusters("points_3", rbind(normal(20, 2), normal(14, 2, c(9, 0)), normal(17, 2, c(0, 9))), 3)
clusters("points_4_5d", rbind(normal(15, 5), normal(15, 5, 7), normal(15, 5, c(7, -7, 0, 0, 7)), normal(15, 5, -9)), 4)
clusters("points_1d", matrix(c(rnorm(12), rnorm(10, 20), rnorm(9, 45)), ncol = 1), 3)
clusters("points_unequal", rbind(normal(40, 3), normal(6, 3, 10), normal(9, 3, -10)), 3)
clusters("points_one", normal(30, 2), 3, FALSE)
clusters("points_touching", rbind(normal(25, 2), normal(25, 2, 2.5)), 2, FALSE)
invisible(close(data)); invisible(close(golden))
