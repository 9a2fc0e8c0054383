/*
 * UDP sockets: connected ones, made by a dial, which talk to one peer, and unconnected ones, made
 * by a listen, which talk to anybody. The addresses are in gonet/addr.h.
 *
 * A read takes one datagram, cut to the buffer's size. A datagram of no bytes reads as 0 without an
 * error. Nothing here allocates per datagram.
 */
#ifndef GONET_UDP_H
#define GONET_UDP_H

#include "gonet/conn.h"
#include "gonet/interface.h"

GONET_BEGIN_DECLS

/* gonet_udp_conn_t is a UDP socket. Go: net.UDPConn. */
typedef struct gonet_udp_conn gonet_udp_conn_t;

/*
 * gonet_dial_udp connects to raddr on network "udp", "udp4" or "udp6", from laddr if that is not
 * NULL; an address without an IP means this host. It doesn't park, and nothing is sent: whether
 * somebody is there shows later. Release with gonet_udp_conn_free. NULL with an OpError "dial" on
 * failure. Go: net.DialUDP.
 */
GONET_API GONET_NODISCARD gonet_udp_conn_t *gonet_dial_udp(const char *network,
                                                           const gonet_udp_addr_t *laddr,
                                                           const gonet_udp_addr_t *raddr,
                                                           gonet_error_t **err);

/*
 * gonet_listen_udp binds a socket to laddr; NULL means all addresses and a free port, port 0 a free
 * port. With a multicast IP the socket is bound to all addresses at that port, and joins nothing.
 * Release with gonet_udp_conn_free. NULL with an OpError "listen" on failure. Go: net.ListenUDP.
 */
GONET_API GONET_NODISCARD gonet_udp_conn_t *gonet_listen_udp(const char *network,
                                                             const gonet_udp_addr_t *laddr,
                                                             gonet_error_t **err);

/*
 * gonet_listen_multicast_udp binds a socket to gaddr's port on all addresses, and joins the group
 * gaddr on ifi, or, if ifi is NULL, on the interface that the system chooses. What is sent on it
 * does not come back to this host. Several may listen to one group and port. The socket hears
 * whatever else comes to its port, too: look at the sender, or at the control data. NULL with an
 * OpError "listen" on failure. Go: net.ListenMulticastUDP.
 */
GONET_API GONET_NODISCARD gonet_udp_conn_t *gonet_listen_multicast_udp(
    const char *network, const gonet_interface_t *ifi, const gonet_udp_addr_t *gaddr,
    gonet_error_t **err);

/*
 * gonet_resolve_udp_addr turns "host:port" into an address; a name or a service is looked up.
 * network is "udp", "udp4", "udp6" or "". 0, or -1. Go: net.ResolveUDPAddr.
 */
GONET_API int gonet_resolve_udp_addr(const char *network, const char *address,
                                     gonet_udp_addr_t *addr, gonet_error_t **err);

/* Casts: the same object; upwards always, downwards NULL if it is something else (or NULL). */
GONET_API gonet_conn_t *gonet_udp_conn_as_conn(gonet_udp_conn_t *c);
GONET_API gonet_packet_conn_t *gonet_udp_conn_as_packet_conn(gonet_udp_conn_t *c);
GONET_API gonet_reader_t *gonet_udp_conn_as_reader(gonet_udp_conn_t *c);
GONET_API gonet_writer_t *gonet_udp_conn_as_writer(gonet_udp_conn_t *c);
GONET_API gonet_udp_conn_t *gonet_conn_as_udp(gonet_conn_t *c);
GONET_API gonet_udp_conn_t *gonet_packet_conn_as_udp(gonet_packet_conn_t *c);

/*
 * gonet_udp_conn_read … set_write_deadline are those of gonet/conn.h. Reading works on unconnected
 * sockets, too; writing there fails with EDESTADDRREQ. A datagram that no UDP packet can carry
 * fails with EMSGSIZE. That nobody listens at the peer's port shows as ECONNREFUSED, once for each
 * answer that says so, and only on a socket that has a peer. The addresses are valid until the
 * socket is freed, also after its close; without a peer there is no remote one (NULL). Go:
 * UDPConn.Read, …
 */
GONET_API ssize_t gonet_udp_conn_read(gonet_udp_conn_t *c, void *p, size_t len,
                                      gonet_error_t **err);
GONET_API ssize_t gonet_udp_conn_write(gonet_udp_conn_t *c, const void *p, size_t len,
                                       gonet_error_t **err);
GONET_API int gonet_udp_conn_write_count(gonet_udp_conn_t *c, const void *p, size_t len, size_t *n,
                                         gonet_error_t **err);
GONET_API int gonet_udp_conn_close(gonet_udp_conn_t *c, gonet_error_t **err);
GONET_API const gonet_addr_t *gonet_udp_conn_local_addr(gonet_udp_conn_t *c);
GONET_API const gonet_addr_t *gonet_udp_conn_remote_addr(gonet_udp_conn_t *c);
GONET_API int gonet_udp_conn_set_deadline(gonet_udp_conn_t *c, gonet_time_t t, gonet_error_t **err);
GONET_API int gonet_udp_conn_set_read_deadline(gonet_udp_conn_t *c, gonet_time_t t,
                                               gonet_error_t **err);
GONET_API int gonet_udp_conn_set_write_deadline(gonet_udp_conn_t *c, gonet_time_t t,
                                                gonet_error_t **err);

/*
 * gonet_udp_conn_read_from_udp reads one datagram and stores who sent it in *addr (may be NULL).
 * Its ip has 16 bytes on an IPv6 socket, also for a sender with an IPv4 address, else 4. Parks. The
 * count (0: a datagram of no bytes), or -1. Go: UDPConn.ReadFromUDP.
 */
GONET_API ssize_t gonet_udp_conn_read_from_udp(gonet_udp_conn_t *c, void *p, size_t len,
                                               gonet_udp_addr_t *addr, gonet_error_t **err);

/* gonet_udp_conn_read_from: the same with any kind of address. Go: UDPConn.ReadFrom. */
GONET_API ssize_t gonet_udp_conn_read_from(gonet_udp_conn_t *c, void *p, size_t len,
                                           gonet_addr_t *addr, gonet_error_t **err);

/* gonet_udp_conn_read_from_udp_addr_port: the same with a netip address; an IPv4 sender is mapped
 * (::ffff:192.0.2.1) on an IPv6 socket. Go: UDPConn.ReadFromUDPAddrPort. */
GONET_API ssize_t gonet_udp_conn_read_from_udp_addr_port(gonet_udp_conn_t *c, void *p, size_t len,
                                                         gonet_netip_addr_port_t *addr,
                                                         gonet_error_t **err);

/*
 * gonet_udp_conn_read_msg_udp reads one datagram into b and its control data (cmsg(3)) into oob,
 * stores the control data's length in *oobn, the kernel's flags in *flags (MSG_TRUNC: b was too
 * short) and the sender in *addr (each may be NULL). Parks. The count, or -1. Go:
 * UDPConn.ReadMsgUDP.
 */
GONET_API ssize_t gonet_udp_conn_read_msg_udp(gonet_udp_conn_t *c, void *b, size_t len, void *oob,
                                              size_t oob_len, size_t *oobn, int *flags,
                                              gonet_udp_addr_t *addr, gonet_error_t **err);

/* gonet_udp_conn_read_msg_udp_addr_port: the same with a netip address. Go:
 * UDPConn.ReadMsgUDPAddrPort. */
GONET_API ssize_t gonet_udp_conn_read_msg_udp_addr_port(gonet_udp_conn_t *c, void *b, size_t len,
                                                        void *oob, size_t oob_len, size_t *oobn,
                                                        int *flags, gonet_netip_addr_port_t *addr,
                                                        gonet_error_t **err);

/*
 * gonet_udp_conn_write_to_udp sends one datagram to addr; an addr without an IP means this host.
 * Parks while the socket's buffer is full. len, or -1: gonet_err_write_to_connected on a socket
 * that was dialed (one made of a descriptor was not, whatever the kernel has connected it to);
 * "missing address" if addr is NULL; an AddrError if addr is of a family that the socket has not.
 * These come before anything else, also on a closed socket. Go: UDPConn.WriteToUDP.
 */
GONET_API ssize_t gonet_udp_conn_write_to_udp(gonet_udp_conn_t *c, const void *p, size_t len,
                                              const gonet_udp_addr_t *addr, gonet_error_t **err);

/* gonet_udp_conn_write_to: the same; EINVAL if addr is NULL or no UDP address. Go:
 * UDPConn.WriteTo. */
GONET_API ssize_t gonet_udp_conn_write_to(gonet_udp_conn_t *c, const void *p, size_t len,
                                          const gonet_addr_t *addr, gonet_error_t **err);

/* gonet_udp_conn_write_to_udp_addr_port: the same with a netip address, for the zero value of which
 * the address is missing. Go: UDPConn.WriteToUDPAddrPort. */
GONET_API ssize_t gonet_udp_conn_write_to_udp_addr_port(gonet_udp_conn_t *c, const void *p,
                                                        size_t len, gonet_netip_addr_port_t addr,
                                                        gonet_error_t **err);

/*
 * gonet_udp_conn_write_msg_udp sends b with control data to addr; NULL means the peer of a socket
 * that was dialed. len with *oobn = oob_len (may be NULL), or -1 as gonet_udp_conn_write_to_udp.
 * Go: UDPConn.WriteMsgUDP.
 */
GONET_API ssize_t gonet_udp_conn_write_msg_udp(gonet_udp_conn_t *c, const void *b, size_t len,
                                               const void *oob, size_t oob_len,
                                               const gonet_udp_addr_t *addr, size_t *oobn,
                                               gonet_error_t **err);

/* gonet_udp_conn_write_msg_udp_addr_port: the same with a netip address; never works on a socket
 * that was dialed. Go: UDPConn.WriteMsgUDPAddrPort. */
GONET_API ssize_t gonet_udp_conn_write_msg_udp_addr_port(gonet_udp_conn_t *c, const void *b,
                                                         size_t len, const void *oob,
                                                         size_t oob_len,
                                                         gonet_netip_addr_port_t addr, size_t *oobn,
                                                         gonet_error_t **err);

/* gonet_udp_conn_set_read_buffer and _set_write_buffer set the kernel's buffer sizes, in bytes, of
 * which it makes what it likes (it doubles them). Datagrams that find no room are lost. 0, or -1
 * with an OpError "set". Go: UDPConn.SetReadBuffer, SetWriteBuffer. */
GONET_API int gonet_udp_conn_set_read_buffer(gonet_udp_conn_t *c, int bytes, gonet_error_t **err);
GONET_API int gonet_udp_conn_set_write_buffer(gonet_udp_conn_t *c, int bytes, gonet_error_t **err);

/* gonet_udp_conn_file returns a duplicate of the descriptor, as gonet_tcp_conn_file does. Go:
 * UDPConn.File. */
GONET_API int gonet_udp_conn_file(gonet_udp_conn_t *c, gonet_error_t **err);

/* gonet_udp_conn_syscall_conn returns a raw connection, to release with gonet_raw_conn_free. Go:
 * UDPConn.SyscallConn. */
GONET_API GONET_NODISCARD gonet_raw_conn_t *gonet_udp_conn_syscall_conn(gonet_udp_conn_t *c,
                                                                        gonet_error_t **err);

/* gonet_udp_conn_ref adds an owner and returns c. */
GONET_API gonet_udp_conn_t *gonet_udp_conn_ref(gonet_udp_conn_t *c);

/*
 * gonet_udp_conn_free drops an owner; the last one closes and releases. NULL is fine.
 *
 * Parks: the last owner's, unless it was closed before, as gonet_udp_conn_close does: only for
 * calls that are in the kernel, or in a raw connection's function, right now.
 */
GONET_API void gonet_udp_conn_free(gonet_udp_conn_t *c);

/* ---- batches: beyond Go ---- */

/*
 * gonet_udp_message_t is one message of a batch: a datagram, or a run of datagrams between the same
 * ends that the kernel takes or gives in one piece. The caller owns the buffers.
 */
typedef struct {
    void *buf;                    /* read: where to; write: what (not changed) */
    size_t len;                   /* read: the room there; write: the bytes */
    void *oob;                    /* control data (cmsg(3)), likewise; NULL: none */
    size_t oob_len;               /* likewise; 0: none */
    gonet_netip_addr_port_t addr; /* read: who sent it; write: to whom; the zero value: the peer */
    size_t n;                     /* read: the bytes that came */
    size_t oobn;                  /* read: the bytes of control data that came */
    size_t segment; /* the datagrams in buf are this long, but for the last, which may be shorter;
                       0: buf is one datagram. read: what came; write: how to cut it */
    int flags;      /* read: the kernel's flags (MSG_TRUNC, MSG_CTRUNC: the room was too short) */
    uint64_t reserved[4];
} gonet_udp_message_t;

/*
 * gonet_udp_conn_read_batch reads up to n messages, at most 32, with one system call: it parks
 * until there is one, and takes what else is there, without waiting for more. Returns how many (at
 * least 1, but 0 for n == 0), or -1: an OpError "read" as of gonet_udp_conn_read_msg_udp. It fills
 * the first so many messages and leaves the others alone. While it runs it uses one of the buffers
 * that copies use (32 KiB, kept between calls). Go: nothing alike.
 */
GONET_API ssize_t gonet_udp_conn_read_batch(gonet_udp_conn_t *c, gonet_udp_message_t *messages,
                                            size_t n, gonet_error_t **err);

/*
 * gonet_udp_conn_write_batch sends n messages, in order and without others in between, with few
 * system calls: 32 messages to a call, and the datagrams of a message (segment) cut apart by the
 * kernel where it can do that, 64 or 65000 bytes at a time, else here. With control data each of
 * them gets all of it. Parks while the socket's buffer is full. Returns n, or -1 whenever it
 * failed; *sent (may be NULL) is the number of messages that went out whole, and of the next one
 * the first datagrams may have gone out.
 *
 * Errors are those of gonet_udp_conn_write_msg_udp_addr_port, about the first message that did not
 * go out. Before anything is sent all addresses are looked at: on a dialed socket they must be
 * zero, else each must be of a family that the socket has. When the peer of a dialed socket answers
 * that nobody listens (ECONNREFUSED) while a batch goes out, the kernel may forget it; it tells so
 * again for what comes after. While it runs it uses one of the buffers that copies use (32 KiB,
 * kept between calls). Go: nothing alike.
 */
GONET_API ssize_t gonet_udp_conn_write_batch(gonet_udp_conn_t *c,
                                             const gonet_udp_message_t *messages, size_t n,
                                             size_t *sent, gonet_error_t **err);

/*
 * gonet_udp_conn_set_receive_offload lets the kernel join datagrams that came in a row from one
 * sender into one message (UDP_GRO): gonet_udp_conn_read_batch then tells their length in segment;
 * oob holds other control data alone. Give it room for 65535 bytes a message. All other reads of c
 * see joined datagrams as one, and so do batches that are being read while it is switched: switch
 * it on first, then use batches alone. Off by default. 0, or -1: gonet_err_unsupported inside the
 * OpError where the kernel can't. Go: nothing alike.
 */
GONET_API int gonet_udp_conn_set_receive_offload(gonet_udp_conn_t *c, bool on, gonet_error_t **err);

/*
 * gonet_udp_conn_set_send_offload says whether gonet_udp_conn_write_batch may leave the cutting to
 * the kernel (UDP_SEGMENT), or cuts itself. On by default; where the kernel or the network device
 * can't, it switches itself off. Never fails on an open socket. Go: nothing alike.
 */
GONET_API int gonet_udp_conn_set_send_offload(gonet_udp_conn_t *c, bool on, gonet_error_t **err);

GONET_DEFINE_AUTO(gonet_udp_conn_t, gonet_udp_conn_free)

GONET_END_DECLS

#endif
