/* SPDX-License-Identifier: MIT */
/*
 * For development: the text of each mail goes to standard error, and nothing leaves the
 * machine. Whoever reads the log reads the codes, which is why --check warns.
 */
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#include "otpd/mail/message/message.h"
#include "otpd/mail/transport/transport.h"
#include "otpd/util/buffer.h"
#include "otpd/util/cleanup.h"
#include "otpd/util/file.h"

static void console_send(struct transport *transport, struct parcel *parcel)
{
	CLEANUP(buffer_fini) struct buffer out = { 0 };
	int r;

	(void)transport;
	buffer_puts(&out, "----- mail ");
	buffer_puts(&out, parcel->mail);
	buffer_puts(&out, " to ");
	buffer_puts(&out, parcel->to);
	buffer_puts(&out, "\n");
	buffer_puts(&out, parcel->message->text);
	buffer_puts(&out, "----- end\n");
	r = out.failed ? -ENOMEM : file_write_all(STDERR_FILENO, out.data, out.size);
	if (r < 0)
		parcel_end(parcel, SEND_DEFERRED, CAUSE_TRANSPORT,
			"standard error cannot be written");
	else
		parcel_end(parcel, SEND_SENT, CAUSE_TRANSPORT,
			"written to standard error");
}

static void console_free(struct transport *transport)
{
	free(transport);
}

int console_new(struct transport **ret)
{
	struct transport *transport = calloc(1, sizeof(*transport));

	if (!transport)
		return -ENOMEM;
	transport->send = console_send;
	transport->free = console_free;
	*ret = transport;
	return 0;
}
