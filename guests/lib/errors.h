/* What the kernel's error numbers mean (errors.def); the kernel itself says it so too. */
#ifndef GUESTS_LIB_ERRORS_H
#define GUESTS_LIB_ERRORS_H

/* Of a number as a call returns it, negated, or not. */
const char *error_text(int error);

#endif
