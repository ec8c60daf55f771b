/* SPDX-License-Identifier: GPL-3.0-or-later */
#ifndef EP_PROFILER_ANALYZE_STAT_LINEAR_H
#define EP_PROFILER_ANALYZE_STAT_LINEAR_H

#include "base/err.h"

#include <stddef.h>

/* The little linear algebra that several metrics together need.  Pure. */

/* By columns: x[column * rows + row]. */
struct ep_matrix {
	double *x;
	size_t rows, columns;
};

/*
 * Householder QR in place, R in the upper triangle, with the pivoting of R's
 * qr(): a column of which less than this share of its norm is left goes to the
 * end.  pivot[i]: which column stands at i.  -ENOMEM.
 */
#define EP_QR_TOLERANCE 1e-7
int ep_qr(struct ep_matrix *m, size_t *pivot, size_t *ret_rank) EP_MUST_CHECK;
/* y = R'^-1 y for the leading size rows of R. */
void ep_qr_solve_transposed(const struct ep_matrix *m, size_t size, double *y);

/* Eigenvalues of a symmetric n x n matrix, which is lost, the largest first:
 * cyclic Jacobi. */
void ep_eigen_symmetric(double *a, size_t n, double *values);

/* a = L L' in its lower triangle; -EDOM: not positive definite. */
int ep_cholesky(double *a, size_t n) EP_MUST_CHECK;

#endif
