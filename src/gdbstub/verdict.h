/* What a handler of a packet may decide. */
#ifndef STEPVM_GDBSTUB_VERDICT_H
#define STEPVM_GDBSTUB_VERDICT_H

/* What a handler decided; the dispatcher sends it, once. */
enum verdict {
	REPLY,        /* session.reply */
	REPLY_OK,     /* OK */
	REPLY_FAULT,  /* memory or a register that can't be had: E14, as EFAULT */
	REPLY_WRONG,  /* a request that makes no sense: E22, as EINVAL */
	REPLY_WHY,    /* E. and session.why */
	REPLY_NONE,   /* empty: not supported */
	REPLY_LATER,  /* the machine goes on; the stop reply follows */
	REPLY_GONE,   /* no reply, the session is over */
	REPLY_SILENT, /* no reply */
	REPLY_LAST,   /* OK, then the session is over, or idle when it is extended */
};

#endif
