/* Chunks of a recording's file, and the payloads of HEAD and EVNT. Pure. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/bytes.h"
#include "history/file.h"
#include "history/file_machine.h"

/* --- chunks ------------------------------------------------------------------------------------ */

static uint32_t checksum(const uint8_t *header, const uint8_t *payload, size_t len)
{
	return crc32c(crc32c(0, header, 8), payload, len);
}

int file_chunk(struct file_in *in, struct file_chunk *to)
{
	struct file_in at = *in;
	const uint8_t *header = in_bytes(&at, FILE_HEADER_SIZE);
	const uint32_t len = header ? get32(header + 4) : 0;
	if (!header || len > FILE_CHUNK_MAX)
		return 0;
	const uint8_t *payload = in_bytes(&at, len);
	if (!payload || checksum(header, payload, len) != get32(header + 8))
		return 0;
	to->type = get32(header);
	to->payload = (struct file_in) { .at = payload, .left = len };
	*in = at;
	return 1;
}

void file_put_chunk(struct file_out *o, enum file_type type, const struct file_out *payload)
{
	uint8_t header[FILE_HEADER_SIZE];
	o->has_failed |= payload->has_failed;
	put32(header, type);
	put32(header + 4, (uint32_t)payload->len);
	put32(header + 8, checksum(header, payload->bytes, payload->len));
	out_bytes(o, header, sizeof header);
	out_bytes(o, payload->bytes, payload->len);
}

/* --- HEAD -------------------------------------------------------------------------------------- */

void file_put_head(struct file_out *o, const struct file_head *h)
{
	out_number(o, FILE_VERSION, 4);
	out_number(o, machine_layout(), 4);
	out_text(o, h->version);
	out_text(o, h->cpu);
	out_text(o, h->image);
	out_number(o, h->is_pc, 1);
	out_number(o, h->watches_zero, 1);
	out_number(o, h->format, 1);
	out_number(o, h->step_ns, 4);
	out_number(o, h->shape.count, 1);
	for (unsigned i = 0; i < h->shape.count; i++) {
		out_number(o, h->shape.slots[i].gpa, 8);
		out_number(o, h->shape.slots[i].size, 8);
	}
	out_number(o, h->port_count, 1);
	for (unsigned i = 0; i < h->port_count; i++) {
		out_number(o, h->ports[i].port, 2);
		out_number(o, h->ports[i].kind, 1);
	}
	out_number(o, h->has_boot, 1);
	out_number(o, h->disk_count, 1);
	for (unsigned i = 0; i < h->disk_count; i++) {
		out_number(o, h->disks[i].kind, 1);
		out_number(o, h->disks[i].size, 8);
		out_text(o, h->disks[i].name);
	}
	out_number(o, h->script.count, 4);
	out_bytes(o, h->script.events, h->script.count * sizeof *h->script.events);
}

static int take_slots(struct file_in *in, struct memory *to, struct error *e)
{
	uint64_t total = 0;
	to->count = (unsigned)in_number(in, 1);
	if (!to->count || to->count > MEMORY_SLOTS_MAX)
		return error_set(e, -EINVAL, "its RAM has %u pieces", to->count);
	for (unsigned i = 0; i < to->count; i++) {
		struct memory_slot *s = &to->slots[i];
		s->gpa = in_number(in, 8);
		s->size = in_number(in, 8);
		if (!s->size || s->size % MEMORY_PAGE || s->gpa % MEMORY_PAGE ||
		        s->size > FILE_RAM_MAX - total || s->size - 1 > UINT64_MAX - s->gpa)
			return error_set(e, -EINVAL, "its RAM is none, or more than 64 GiB");
		total += s->size;
	}
	return 0;
}

static int take_ports(struct file_in *in, struct file_head *to, struct error *e)
{
	to->port_count = (unsigned)in_number(in, 1);
	if (to->port_count > CONFIG_LIST_MAX)
		return error_set(e, -EINVAL, "it has more ports than can be given");
	for (unsigned i = 0; i < to->port_count; i++) {
		to->ports[i].port = (uint16_t)in_number(in, 2);
		unsigned kind = (unsigned)in_number(in, 1);
		if (kind > PORT_EXIT)
			return error_set(e, -EINVAL, "it has a port of no kind");
		to->ports[i].kind = (enum port_kind)kind;
	}
	return 0;
}

static int take_disks(struct file_in *in, struct file_head *to, struct error *e)
{
	to->has_boot = in_number(in, 1) != 0;
	to->disk_count = (unsigned)in_number(in, 1);
	if (to->disk_count > DISKS_MAX || (to->has_boot && !to->disk_count) ||
	        (to->disk_count && !to->is_pc))
		return error_set(e, -EINVAL, "it has disks that its board has no place for");
	for (unsigned i = 0; i < to->disk_count; i++) {
		struct file_disk *d = &to->disks[i];
		unsigned kind = (unsigned)in_number(in, 1);
		d->size = in_number(in, 8);
		in_text(in, d->name, sizeof d->name);
		if ((kind != DISK_FLOPPY && kind != DISK_HARD) || !d->size || d->size > INT64_MAX)
			return error_set(e, -EINVAL, "it has a disk of no kind or size");
		d->kind = (enum disk_kind)kind;
	}
	return 0;
}

static int take_script(struct file_in *in, struct keys_script *to, struct error *e)
{
	const size_t count = (size_t)in_number(in, 4);
	const uint8_t *bytes = count <= in->left / sizeof *to->events
	                               ? in_bytes(in, count * sizeof *to->events)
	                               : NULL;
	if (!bytes)
		return error_set(e, -EINVAL, "its --keys are cut");
	if (!count)
		return 0;
	to->events = malloc(count * sizeof *to->events);
	if (!to->events)
		return error_set(e, -ENOMEM, "out of memory");
	memcpy(to->events, bytes, count * sizeof *to->events);
	to->count = count;
	return 0;
}

static int take_rest(struct file_in *in, struct file_head *to, struct error *e)
{
	to->is_pc = in_number(in, 1) != 0;
	to->watches_zero = in_number(in, 1) != 0;
	const unsigned format = (unsigned)in_number(in, 1);
	to->step_ns = (uint32_t)in_number(in, 4);
	if (format >= IMAGE_FORMATS || !to->step_ns || to->step_ns > 1000000)
		return error_set(
		        e, -EINVAL, "its image is of no format, or its steps take no time");
	to->format = (enum image_format)format;
	int err = take_slots(in, &to->shape, e);
	if (!err)
		err = take_ports(in, to, e);
	if (!err)
		err = take_disks(in, to, e);
	if (!err)
		err = take_script(in, &to->script, e);
	if (!err && (in->has_failed || in->left))
		err = error_set(e, -EINVAL, "its head has another length");
	return err;
}

int file_take_head(struct file_in *in, struct file_head *to, struct error *e)
{
	struct file_head h = { 0 };
	const uint64_t version = in_number(in, 4), layout = in_number(in, 4);
	in_text(in, h.version, sizeof h.version);
	in_text(in, h.cpu, sizeof h.cpu);
	in_text(in, h.image, sizeof h.image);
	if (in->has_failed)
		return error_set(e, -EINVAL, "its head is cut");
	if (version != FILE_VERSION || layout != machine_layout())
		return error_set(e, -ENOTSUP,
		        "it was made by stepvm %s, whose recordings this one can't read; that one "
		        "can",
		        h.version);
	int err = take_rest(in, &h, e);
	if (err)
		file_free_head(&h);
	else
		*to = h;
	return err;
}

void file_free_head(struct file_head *h)
{
	for (unsigned i = 0; i < h->disk_count && i < DISKS_MAX; i++)
		overlay_free(&h->disks[i].contents);
	keys_script_free(&h->script);
}

/* --- EVNT -------------------------------------------------------------------------------------- */

static unsigned number_of(const struct device *d)
{
	unsigned i = 0;
	while (board_device(i) && board_device(i) != d)
		i++;
	return i;
}

void file_put_event(struct file_out *o, const struct event *v)
{
	out_number(o, v->position, 8);
	out_number(o, v->kind, 1);
	switch (v->kind) {
	case EVENT_INPUT:
		out_number(o, number_of(v->device), 1);
		out_bytes(o, v->bytes, v->len);
		break;
	case EVENT_KEYS: out_bytes(o, v->keys, v->len * sizeof *v->keys); break;
	case EVENT_WAITED:
	case EVENT_STEPS: out_number(o, v->ns, 8); break;
	case EVENT_CHANGED: break;
	}
}

static int take_bytes(struct file_in *in, struct event *to, struct error *e)
{
	to->device = board_device((unsigned)in_number(in, 1));
	to->len = (uint32_t)in->left;
	if (!to->device || !to->device->input)
		return error_set(e, -EINVAL, "bytes come for a device that takes none");
	to->bytes = malloc(in->left + 1);
	if (!to->bytes)
		return error_set(e, -ENOMEM, "out of memory");
	memcpy(to->bytes, in_bytes(in, in->left), to->len);
	return 0;
}

static int take_keys(struct file_in *in, struct event *to, struct error *e)
{
	to->len = (uint32_t)(in->left / sizeof *to->keys);
	if (in->left % sizeof *to->keys || to->len > TYPIST_MAX)
		return error_set(e, -EINVAL, "keys come that are none, or too many");
	to->keys = malloc(in->left + 1);
	if (!to->keys)
		return error_set(e, -ENOMEM, "out of memory");
	memcpy(to->keys, in_bytes(in, in->left), to->len * sizeof *to->keys);
	return 0;
}

int file_take_event(struct file_in *in, struct event *to, struct error *e)
{
	struct event v = { .position = in_number(in, 8) };
	const unsigned kind = (unsigned)in_number(in, 1);
	int err = 0;
	v.kind = (enum event_kind)kind;
	switch (kind) {
	case EVENT_INPUT: err = take_bytes(in, &v, e); break;
	case EVENT_KEYS: err = take_keys(in, &v, e); break;
	case EVENT_WAITED:
	case EVENT_STEPS: v.ns = in_number(in, 8); break;
	default: return error_set(e, -EINVAL, "an event is of no kind");
	}
	if (!err &&
	        ((kind == EVENT_WAITED && v.ns > FILE_WAIT_NS_MAX) ||
	                (kind == EVENT_STEPS && v.ns > STEPS_ALL) || in->has_failed || in->left)) {
		file_free_event(&v);
		err = error_set(e, -EINVAL, "an event is too large, or cut");
	}
	if (!err)
		*to = v;
	return err;
}

void file_free_event(struct event *v)
{
	if (v->kind == EVENT_INPUT)
		free(v->bytes);
	else if (v->kind == EVENT_KEYS)
		free(v->keys);
}
