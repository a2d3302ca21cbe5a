/* What stands at every port and at every address where no RAM is: it reads as its address says, and who reads and
 * writes it is kept. */
#ifndef STEPVM_TESTS_ENGINE_DEVICE_H
#define STEPVM_TESTS_ENGINE_DEVICE_H

#include "pair.h"

/* An access of size bytes, 1 to 8; a read fills data. */
void device_access(struct compare_log *log, bool is_port, uint64_t at, uint8_t *data, unsigned size,
        bool is_write);

#endif
