/* Little-endian numbers at any address, as image formats, the CPU's tables, the protocol and
 * registers hold them. Pure. */
#ifndef STEPVM_BASE_BYTES_H
#define STEPVM_BASE_BYTES_H

#include <stdint.h>
#include <string.h>

/* memcpy is the whole conversion: stepvm runs on x86-64 only, which is little-endian. */
static inline uint16_t get16(const uint8_t *at)
{
	uint16_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline uint32_t get32(const uint8_t *at)
{
	uint32_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline uint64_t get64(const uint8_t *at)
{
	uint64_t value;
	memcpy(&value, at, sizeof value);
	return value;
}

static inline void put16(uint8_t *at, uint16_t value)
{
	memcpy(at, &value, sizeof value);
}

static inline void put32(uint8_t *at, uint32_t value)
{
	memcpy(at, &value, sizeof value);
}

static inline void put64(uint8_t *at, uint64_t value)
{
	memcpy(at, &value, sizeof value);
}

/* Of so many bytes, 0 to 8. */
static inline uint64_t get_number(const uint8_t *at, unsigned size)
{
	uint64_t value = 0;
	memcpy(&value, at, size);
	return value;
}

static inline void put_number(uint8_t *at, uint64_t value, unsigned size)
{
	memcpy(at, &value, size);
}

#endif
