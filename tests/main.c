/*
 * Runs every suite. The list is made by the Makefile from the names of the test files.
 * CK_RUN_SUITE=name runs one (Check's own variable). CHECK_SHARE=k/n runs every n-th, from the
 * k-th on, so that n processes share the work.
 */
#include <check.h>
#include <stdio.h>
#include <stdlib.h>

#define SUITE(name) Suite *suite_##name(void);
#include "suites.def"
#undef SUITE

typedef Suite *suite_fn(void);

static suite_fn *const suites[] = {
#define SUITE(name) suite_##name,
#include "suites.def"
#undef SUITE
};

int main(void)
{
    SRunner *runner = srunner_create(NULL);
    const char *text = getenv("CHECK_SHARE");
    unsigned share = 1, shares = 1;

    if (text && (sscanf(text, "%u/%u", &share, &shares) != 2 || share < 1 || share > shares)) {
        fprintf(stderr, "CHECK_SHARE is k/n with k from 1 to n, not \"%s\"\n", text);
        return EXIT_FAILURE;
    }
    for (size_t i = share - 1; i < sizeof suites / sizeof suites[0]; i += shares)
        srunner_add_suite(runner, suites[i]());
    srunner_run_all(runner, CK_ENV);
    int failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
