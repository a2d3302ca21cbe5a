/* How many elements an array has. Not for pointers: their size says nothing of what they point
 * to. */
#ifndef STEPVM_BASE_ARRAY_H
#define STEPVM_BASE_ARRAY_H

#define ARRAY_SIZE(array) (sizeof(array) / sizeof *(array))

#endif
