/* A recording as a file: what it holds, its chunks, and who reads and writes them. README.md has the format. */
#ifndef STEPVM_HISTORY_FILE_H
#define STEPVM_HISTORY_FILE_H

#include <linux/kvm.h>

#include "base/error.h"
#include "history/file_bytes.h"
#include "history/state.h"

#define FILE_MAGIC        "\x89stepvm\n"
#define FILE_MAGIC_SIZE   8
#define FILE_VERSION      1
#define FILE_HEADER_SIZE  12 /* of a chunk: type, length, crc32c of both and of what follows */
#define FILE_CHUNK_MAX    (1u << 20)           /* bytes of what follows */
#define FILE_SIZE_MAX     (UINT64_C(4) << 30)  /* of a whole file */
#define FILE_RAM_MAX      (UINT64_C(64) << 30) /* of its guest */
#define FILE_POSITION_MAX (UINT64_C(1) << 60)
#define FILE_WAIT_NS_MAX  (UINT64_C(1) << 50) /* of one halt, 13 days */
#define FILE_CPUID_MAX    256

#define FILE_TYPE(a, b, c, d)                                                                      \
	((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
enum file_type {
	FILE_HEAD = FILE_TYPE('H', 'E', 'A', 'D'),
	FILE_CPUID = FILE_TYPE('C', 'P', 'I', 'D'),
	FILE_DISK = FILE_TYPE('D', 'I', 'S', 'K'),
	FILE_PAGES = FILE_TYPE('P', 'A', 'G', 'E'),
	FILE_OVERLAY = FILE_TYPE('O', 'V', 'E', 'R'),
	FILE_STATE = FILE_TYPE('S', 'T', 'A', 'T'),
	FILE_EVENT = FILE_TYPE('E', 'V', 'N', 'T'),
	FILE_HASH = FILE_TYPE('H', 'A', 'S', 'H'),
	FILE_POSITION = FILE_TYPE('P', 'O', 'S', 'N'),
	FILE_CUT = FILE_TYPE('C', 'U', 'T', ' '),
	FILE_END = FILE_TYPE('E', 'N', 'D', ' '),
};

/* What a STAT is. */
enum file_state {
	FILE_BEGIN,      /* a recording begins: what stands before it in the file is over */
	FILE_CHECKPOINT, /* on the way */
	FILE_CHANGED,    /* by somebody else than the guest: an event */
	FILE_LAST,       /* the present, where the recording was ended */
};

/* What a machine is made of that has a recording's guest. */
struct file_disk {
	enum disk_kind kind;
	uint64_t size;
	char name[DISK_NAME_SIZE];
	struct overlay contents; /* what was read of it; owned */
};

struct file_head {
	char version[32], cpu[80], image[128];
	bool is_pc, watches_zero;
	enum image_format format;
	uint32_t step_ns;
	struct memory shape; /* of RAM: its slots' addresses and sizes */
	unsigned port_count;
	struct config_port ports[CONFIG_LIST_MAX];
	bool has_boot; /* the first disk is what it has started from */
	unsigned disk_count;
	struct file_disk disks[DISKS_MAX];
	struct keys_script script; /* of --keys; owned */
};

/* What a replay is to come by. */
struct file_check {
	uint64_t position;
	size_t event;
	bool has_regs; /* of a HASH */
	struct kvm_regs regs;
	uint64_t now_ns, machine_sum, ram_sum;
	const struct checkpoint *all; /* of a STAT: everything; NULL: no memory for it */
	bool is_changed;              /* it does not come of what was before */
};

/* A file's contents. */
struct recording {
	struct file_head head;
	struct kvm_cpuid2 *cpuid; /* owned; NULL: the file has none */
	struct pages_store store;
	struct checkpoint **checkpoints; /* owned, and the list */
	size_t checkpoint_count, checkpoint_size;
	struct event *events; /* owned */
	size_t event_count, event_size;
	uint64_t event_bytes;
	struct file_check *checks; /* owned */
	size_t check_count, check_size;
	uint64_t end;     /* the last position that it knows of */
	bool is_ended;    /* orderly, */
	int status;       /* ... with this status of stepvm's; -1: none that is known */
	char damage[200]; /* where its contents contradict themselves, or "" */
	uint64_t used;    /* bytes of the file that could be read; the rest is cut or broken */
	struct config_replay replay; /* of recording_configure; borrows from head */
	char warning[400];           /* recording_warning's */
};

/* From bytes that are outside input; pure. bytes_max: of memory, as of history_begin; checkpoints are given up for it.
 * -EINVAL, -ENOTSUP (another version), -ENOMEM with a text; nothing is to be freed then. */
int recording_parse(struct recording *to, const uint8_t *bytes, size_t len, uint64_t bytes_max,
        struct error *e);
void recording_free(struct recording *r);
/* Whether a file's first bytes are of a recording. */
bool recording_is_one(const uint8_t *bytes, size_t len);

/* One chunk in whole. *in is what is left. 1; 0: there is none; the bytes end, or are broken. */
struct file_chunk {
	uint32_t type;
	struct file_in payload;
};
int file_chunk(struct file_in *in, struct file_chunk *to);
/* Appends one. */
void file_put_chunk(struct file_out *o, enum file_type type, const struct file_out *payload);

/* Payloads of more than numbers: file_parts.c. */
void file_put_head(struct file_out *o, const struct file_head *h);
int file_take_head(struct file_in *in, struct file_head *to, struct error *e);
void file_free_head(struct file_head *h);
void file_put_event(struct file_out *o, const struct event *v);
int file_take_event(struct file_in *in, struct event *to, struct error *e);
void file_free_event(struct event *v);

#endif
