/* What the guests written in C share: ports, and a printf to the serial port at 0x3f8.
 *
 * print() knows %s, %c, %d, %lu, %lx and %%. A long is as wide as the registers of the guest's
 * mode: there is no libgcc here to divide a wider one. */
#ifndef GUESTS_PRINT_H
#define GUESTS_PRINT_H

#include <stdarg.h>
#include <stdint.h>

#define UART       0x3f8
#define UART_LSR   (UART + 5) /* 16550: line status */
#define LSR_THRE   0x20       /* room to send */
#define DIGITS_MAX 20

static inline void outb(uint16_t port, uint8_t value)
{
	__asm__ volatile("outb %0, %1" : : "a"(value), "Nd"(port));
}

static inline uint8_t inb(uint16_t port)
{
	uint8_t value;
	__asm__ volatile("inb %1, %0" : "=a"(value) : "Nd"(port));
	return value;
}

static inline void put_char(char c)
{
	while (!(inb(UART_LSR) & LSR_THRE))
		;
	outb(UART, (uint8_t)c);
}

static inline void put_string(const char *text)
{
	while (*text)
		put_char(*text++);
}

static inline void put_number(unsigned long value, unsigned base)
{
	char digits[DIGITS_MAX];
	unsigned n = 0;
	do
		digits[n++] = "0123456789abcdef"[value % base];
	while ((value /= base) != 0);
	while (n)
		put_char(digits[--n]);
}

__attribute__((format(printf, 1, 2))) static inline void print(const char *format, ...)
{
	va_list args;
	va_start(args, format);
	for (; *format; format++) {
		if (*format != '%') {
			put_char(*format);
			continue;
		}
		switch (*++format) {
		case 's': put_string(va_arg(args, const char *)); break;
		case 'c': put_char((char)va_arg(args, int)); break;
		case 'd': {
			int value = va_arg(args, int);
			if (value < 0)
				put_char('-');
			put_number(value < 0 ? -(unsigned)value : (unsigned)value, 10);
			break;
		}
		case 'l': /* %lu, %lx */
			format++;
			put_number(va_arg(args, unsigned long), *format == 'x' ? 16 : 10);
			break;
		default: put_char(*format);
		}
	}
	va_end(args);
}

/* The end of every guest. */
__attribute__((noreturn)) static inline void halt(void)
{
	for (;;)
		__asm__ volatile("cli; hlt");
}

#endif
