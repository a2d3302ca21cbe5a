/* Numbers that look random and are the same in every run: a failure can be repeated. */
#ifndef STEPVM_TESTS_RANDOM_H
#define STEPVM_TESTS_RANDOM_H

#include <stdint.h>

/* splitmix64 (Steele, Lea, Flood: "Fast Splittable Pseudorandom Number Generators"). */
static inline uint64_t random_next(uint64_t *seed)
{
	uint64_t z = *seed += 0x9e3779b97f4a7c15u;
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9u;
	z = (z ^ z >> 27) * 0x94d049bb133111ebu;
	return z ^ z >> 31;
}

/* 0 to below - 1. */
static inline uint32_t random_below(uint64_t *seed, uint32_t below)
{
	return (uint32_t)(random_next(seed) % below);
}

#endif
