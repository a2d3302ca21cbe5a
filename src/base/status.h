/* The statuses that stepvm ends with on its own account: even, so that none can be taken for an
 * exit port's, which is odd. `stepvm test` has one more, for tests that have failed. */
#ifndef STEPVM_BASE_STATUS_H
#define STEPVM_BASE_STATUS_H

#include <stdbool.h>

enum status {
	STATUS_OK = 0,
	STATUS_USAGE = 2,
	STATUS_HOST = 4,     /* no /dev/kvm, no memory, a broken pipe, ... */
	STATUS_SHUTDOWN = 6, /* triple fault */
	STATUS_FAILED = 8,   /* KVM could not go on */
	STATUS_RESET = 10,   /* the guest has reset the machine, and --no-reboot was given */
	STATUS_DIFFERS =
	        12, /* --check-engine: the engine and KVM have done something differently */
};

/* Whether the guest has ended by itself: by a halt, or by an exit port, whose status is odd. */
static inline bool status_is_guests(int status)
{
	return status == STATUS_OK || (status > 0 && status % 2 == 1);
}

#endif
