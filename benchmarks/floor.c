/* The floor of benchmarks/replay.py: the moons step of MLP(2, [16, 16, 1]) with hinge loss, written
   by hand as loops over matrices, one example after the other, without any library.

   gcc -O3 -march=native -shared -fPIC -o floor.so floor.c

   Parameters are W0 (2 x 16), b0, W1 (16 x 16), b1, W2 (16), b2: what is added up in an inner loop
   lies side by side, so that the compiler can use vector registers. A row of the batch is x1, x2, y. */

#include <string.h>

enum { NIN = 2, HIDDEN = 16, W0 = 0, B0 = 32, W1 = 48, B1 = 304, W2 = 320, B2 = 336, COUNT = 337 };

/* Returns the mean loss; writes its gradient by the parameters. */
double gradient(const double *restrict p, const double *restrict batch, int examples,
                double *restrict g) {
    double transposed[HIDDEN][HIDDEN], losses = 0;
    for (int i = 0; i < HIDDEN; i++)
        for (int j = 0; j < HIDDEN; j++) transposed[j][i] = p[W1 + i * HIDDEN + j];
    memset(g, 0, COUNT * sizeof *g);
    for (int e = 0; e < examples; e++) {
        const double *x = batch + 3 * e, y = x[2];
        double r1[HIDDEN], r2[HIDDEN], d1[HIDDEN], d2[HIDDEN], score = p[B2];
        for (int j = 0; j < HIDDEN; j++) {
            r1[j] = p[B0 + j] + x[0] * p[W0 + j] + x[1] * p[W0 + HIDDEN + j];
            r1[j] = r1[j] < 0 ? 0 : r1[j];
        }
        for (int j = 0; j < HIDDEN; j++) r2[j] = p[B1 + j];
        for (int i = 0; i < HIDDEN; i++)
            for (int j = 0; j < HIDDEN; j++) r2[j] += r1[i] * p[W1 + i * HIDDEN + j];
        for (int j = 0; j < HIDDEN; j++) r2[j] = r2[j] < 0 ? 0 : r2[j];
        for (int j = 0; j < HIDDEN; j++) score += r2[j] * p[W2 + j];

        double margin = 1 - y * score;
        if (margin < 0) continue;
        losses += margin;
        double d = -y / examples;
        g[B2] += d;
        for (int j = 0; j < HIDDEN; j++) g[W2 + j] += d * r2[j];
        for (int j = 0; j < HIDDEN; j++) d2[j] = r2[j] > 0 ? d * p[W2 + j] : 0;
        for (int j = 0; j < HIDDEN; j++) g[B1 + j] += d2[j];
        for (int i = 0; i < HIDDEN; i++) d1[i] = 0;
        for (int j = 0; j < HIDDEN; j++)
            for (int i = 0; i < HIDDEN; i++) d1[i] += d2[j] * transposed[j][i];
        for (int i = 0; i < HIDDEN; i++)
            for (int j = 0; j < HIDDEN; j++) g[W1 + i * HIDDEN + j] += r1[i] * d2[j];
        for (int i = 0; i < HIDDEN; i++) d1[i] = r1[i] > 0 ? d1[i] : 0;
        for (int i = 0; i < HIDDEN; i++) g[B0 + i] += d1[i];
        for (int k = 0; k < NIN; k++)
            for (int i = 0; i < HIDDEN; i++) g[W0 + k * HIDDEN + i] += x[k] * d1[i];
    }
    return losses / examples;
}

void train(double *p, const double *batch, int examples, double lr, int steps) {
    double g[COUNT];
    for (int step = 0; step < steps; step++) {
        gradient(p, batch, examples, g);
        for (int i = 0; i < COUNT; i++) p[i] -= lr * g[i];
    }
}
