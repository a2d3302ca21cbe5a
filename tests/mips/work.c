/* What a small kernel does all day, for the engine to be timed with: a sort, a sieve, a checksum, strings, numbers
 * as text. No libc; rounds without end. Built for 32 and 64 bits. */
typedef unsigned int u32;
typedef unsigned char u8;

enum { VALUES = 4096, SIEVE = 20000 };

static u32 values[VALUES], table[256], seed = 12345;
static u8 sieve[SIEVE], bytes[VALUES], copied[VALUES];
volatile u32 result;

void work(void);

static u32 next(void)
{
	seed = seed * 1103515245 + 12345;
	return seed >> 8;
}

static void sort(u32 *v, int count)
{
	if (count < 2)
		return;
	u32 pivot = v[count / 2];
	int i = 0, j = count - 1;
	for (;; i++, j--) {
		while (v[i] < pivot)
			i++;
		while (v[j] > pivot)
			j--;
		if (i >= j)
			break;
		u32 t = v[i];
		v[i] = v[j];
		v[j] = t;
	}
	sort(v, i);
	sort(v + i, count - i);
}

static u32 checksum(const u8 *p, u32 count)
{
	u32 c = ~0u;
	while (count--)
		c = table[(c ^ *p++) & 255] ^ c >> 8;
	return ~c;
}

static int length(const char *s)
{
	int n = 0;
	while (*s++)
		n++;
	return n;
}

static void copy(u8 *to, const u8 *from, unsigned long count)
{
	__asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(count) : : "memory");
}

static void number(char *to, u32 value)
{
	char digits[12];
	int n = 0;
	do {
		digits[n++] = (char)('0' + value % 10);
	} while (value /= 10);
	while (n)
		*to++ = digits[--n];
	*to = 0;
}

void work(void)
{
	for (u32 i = 0; i < 256; i++) {
		u32 c = i;
		for (int k = 0; k < 8; k++)
			c = c & 1 ? 0xedb88320 ^ c >> 1 : c >> 1;
		table[i] = c;
	}
	for (;;) {
		for (int i = 0; i < VALUES; i++)
			values[i] = next();
		sort(values, VALUES);
		for (int i = 0; i < SIEVE; i++)
			sieve[i] = 1;
		for (int i = 2; i < 142; i++)
			for (int j = i * i; sieve[i] && j < SIEVE; j += i)
				sieve[j] = 0;
		for (int i = 0; i < VALUES; i++)
			bytes[i] = (u8)next();
		result += checksum(bytes, VALUES);
		copy(copied, bytes, 512);
		for (int i = 0; i < 300; i++) {
			char text[16];
			number(text, next());
			result += (u32)length(text);
		}
	}
}
