/* What failed, in words for a person.
 *
 * A fallible function returns 0 or -errno. Where -errno alone would not tell the user what to do,
 * it also takes a struct error and fills it; only main prints it. */
#ifndef STEPVM_BASE_ERROR_H
#define STEPVM_BASE_ERROR_H

struct error {
	char text[400]; /* one line, no newline, NUL-terminated */
};

/* Fills *e and returns code, so that a failing path is `return error_set(e, -EINVAL, ...)`.
 * Keeps the first text: an outer layer can't hide the cause. e may be NULL. */
int error_set(struct error *e, int code, const char *format, ...)
        __attribute__((format(printf, 3, 4)));

#endif
