/* What stepvm can be built for, told in one line before anything else is compiled: the Makefile has each file
 * begin with it. The guest's registers are the host's, and KVM is Linux's. */
#ifndef STEPVM_BASE_PLATFORM_H
#define STEPVM_BASE_PLATFORM_H

#ifndef __linux__
#error "stepvm needs Linux: it is made of KVM"
#elif !defined __x86_64__ || defined __ILP32__
#error "stepvm needs a compiler for x86-64: KVM runs guests of the host's own kind"
#endif

#endif
