/*
 * Dialing and listening by name: the network ("tcp", "tcp4", "tcp6", "udp", …, "ip4:icmp", …,
 * "unix", "unixgram", "unixpacket") and the address ("host:port") are texts, and a configuration
 * struct says the rest. Configuration structs own nothing, and all-zero is the default; reserved
 * fields must be zero.
 */
#ifndef GONET_DIAL_H
#define GONET_DIAL_H

#include "gonet/chan.h"
#include "gonet/conn.h"
#include "gonet/context.h"
#include "gonet/keepalive.h"

GONET_BEGIN_DECLS

typedef struct gonet_resolver gonet_resolver_t;

/*
 * gonet_dial connects to address on network. A name is resolved; if it has addresses of both
 * families, the attempts race (RFC 6555). An empty host means this machine.
 *
 * Parks, without a time limit of its own. Returns a connection to release with gonet_conn_free, or
 * NULL with an OpError "dial" over a DNSError, an AddrError, a syscall error, a timeout, or, in a
 * task when gonet_shutdown is under way, gonet_err_closed. Go: net.Dial.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_dial(const char *network, const char *address,
                                                   gonet_error_t **err);

/*
 * gonet_dial_timeout is gonet_dial, failing with a timeout after that many nanoseconds, name
 * resolution included; 0 is no limit, a negative one is over at once. Go: net.DialTimeout.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_dial_timeout(const char *network, const char *address,
                                                           gonet_duration_t timeout,
                                                           gonet_error_t **err);

/* gonet_dialer_t configures a dial. Go: net.Dialer. */
typedef struct {
    gonet_duration_t timeout;        /* for the whole dial; 0: none */
    gonet_time_t deadline;           /* likewise, as an instant; the earlier one counts */
    const gonet_addr_t *local_addr;  /* NULL: the kernel chooses */
    bool dual_stack;                 /* ignored, as in Go */
    gonet_duration_t fallback_delay; /* head start of the first family; 0: 300 ms; < 0: no race */
    gonet_duration_t
        keep_alive; /* idle time; 0: 15 s; < 0: no keep-alive. Unless keep_alive_config.enable */
    gonet_keep_alive_config_t keep_alive_config;
    gonet_resolver_t *resolver; /* NULL: the default one */
    gonet_chan_t *cancel;       /* closing it cancels the dial */
    /* Called with the socket before it binds or connects; network is "tcp4", "tcp6", …. -1 with
     * *err ends the attempt. */
    int (*control)(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                   gonet_error_t **err);
    /* The same with the context; if set, control is not called. */
    int (*control_context)(void *arg, gonet_context_t *ctx, const char *network,
                           const char *address, gonet_raw_conn_t *c, gonet_error_t **err);
    void *control_arg;
    void *control_context_arg;
    int mptcp; /* Multipath TCP: 0 default (off), 1 on, 2 off */
    /* Beyond Go, from here on: options of the socket, set before the control function runs. A value
     * out of range, or that the kernel refuses, fails the dial (setsockopt). Networks that don't
     * have an option pass over its field. Where the kernel has one for TCP, but not for Multipath
     * TCP, the connection is a TCP one. */
    gonet_duration_t user_timeout; /* TCP: how long data may stay unacknowledged, or a connect
                                      unanswered, before the connection fails (RFC 5482); rounded
                                      up to milliseconds; 0: the kernel's choice */
    int tos;         /* TCP, UDP, IP: 1 to 255, the packets' type of service, or traffic class; of
                        TCP's the low two bits stay the kernel's. 0: the kernel's choice, 0 */
    int ttl;         /* TCP, UDP, IP: 1 to 255, the time to live, or hop limit, of packets that are
                        not multicast; 0: the kernel's choice, mostly 64 */
    bool reuse_port; /* TCP, UDP: local_addr may be shared with sockets that say so, too
                        (SO_REUSEPORT) */
    bool recv_tos;   /* UDP, IP: as in gonet_listen_config_t */
    bool recv_ttl;   /* likewise */
    /* TCP: as RFC 8305 says, the addresses of both families take turns, and each attempt starts
     * fallback_delay after the one before it, or as soon as one has failed; the first connection
     * wins. Control functions may run for all addresses at once. Off, as in Go: each family's
     * addresses are tried one after the other. */
    bool interleave;
    uint64_t reserved[13];
} gonet_dialer_t;

/* gonet_dialer_dial dials as d says; NULL is the zero dialer. Go: Dialer.Dial. */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_dialer_dial(const gonet_dialer_t *d,
                                                          const char *network, const char *address,
                                                          gonet_error_t **err);

/*
 * gonet_dialer_dial_context: the same under a context: its end ends the dial ("operation was
 * canceled", "i/o timeout"), but not an established connection. NULL is the background context. Go:
 * Dialer.DialContext.
 */
GONET_API GONET_NODISCARD gonet_conn_t *gonet_dialer_dial_context(const gonet_dialer_t *d,
                                                                  gonet_context_t *ctx,
                                                                  const char *network,
                                                                  const char *address,
                                                                  gonet_error_t **err);

/* gonet_dialer_multipath_tcp says whether d asks for Multipath TCP; _set_multipath_tcp sets it. */
GONET_API bool gonet_dialer_multipath_tcp(const gonet_dialer_t *d);
GONET_API void gonet_dialer_set_multipath_tcp(gonet_dialer_t *d, bool use);

/*
 * gonet_listen listens on network "tcp", "tcp4", "tcp6", "unix" or "unixpacket". An empty host
 * means all addresses, port 0 or none a free port. Returns a listener to release with
 * gonet_listener_free, or NULL with an OpError "listen". Parks only to resolve a name. Go:
 * net.Listen.
 */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_listen(const char *network, const char *address,
                                                         gonet_error_t **err);

/* gonet_listen_config_t configures a listener. Go: net.ListenConfig. */
typedef struct {
    /* Called with the socket before it is bound. -1 with *err ends the attempt. */
    int (*control)(void *arg, const char *network, const char *address, gonet_raw_conn_t *c,
                   gonet_error_t **err);
    gonet_duration_t keep_alive; /* of accepted connections, as in gonet_dialer_t */
    gonet_keep_alive_config_t keep_alive_config;
    void *control_arg;
    int mptcp; /* Multipath TCP: 0 default (on where the kernel has it), 1 on, 2 off */
    /* Beyond Go, from here on: options of the socket, as in gonet_dialer_t. Accepted connections
     * have the listener's user_timeout, tos (unless the system reflects the peer's:
     * net.ipv4.tcp_reflect_tos) and ttl. */
    gonet_duration_t user_timeout; /* TCP */
    int backlog;     /* TCP, unix, unixpacket: how many connections may wait to be accepted; 0 and
                        what is more than the kernel's maximum (net.core.somaxconn): that maximum */
    int tos;         /* TCP, UDP, IP */
    int ttl;         /* TCP, UDP, IP */
    bool reuse_port; /* TCP, UDP: several sockets may have this address and port, if all say so
                        and belong to one user; the kernel spreads over them what comes in
                        (SO_REUSEPORT) */
    /* UDP, IP: the control data of each packet read (gonet_udp_conn_read_msg_udp) tells its type of
     * service: IPPROTO_IP, IP_TOS (one byte), or IPPROTO_IPV6, IPV6_TCLASS (an int). */
    bool recv_tos;
    /* UDP, IP: likewise its time to live, on arrival: IPPROTO_IP, IP_TTL, or IPPROTO_IPV6,
     * IPV6_HOPLIMIT (an int). */
    bool recv_ttl;
    uint64_t reserved[13];
} gonet_listen_config_t;

/* gonet_listen_config_listen listens as lc says (NULL: default); ctx concerns name resolution only.
 * Go: ListenConfig.Listen. */
GONET_API GONET_NODISCARD gonet_listener_t *gonet_listen_config_listen(
    const gonet_listen_config_t *lc, gonet_context_t *ctx, const char *network, const char *address,
    gonet_error_t **err);

/*
 * gonet_listen_packet makes a packet connection bound to address on network "udp", "udp4", "udp6",
 * "ip", "ip4" or "ip6" with a protocol ("ip6:58", an address without a port), or "unixgram". An
 * empty host means all addresses. Release with gonet_packet_conn_free. NULL with an OpError
 * "listen" on failure. Parks only to resolve a name. Go: net.ListenPacket.
 */
GONET_API GONET_NODISCARD gonet_packet_conn_t *gonet_listen_packet(const char *network,
                                                                   const char *address,
                                                                   gonet_error_t **err);

/* gonet_listen_config_listen_packet: the same as lc says (NULL: default). Go:
 * ListenConfig.ListenPacket. */
GONET_API GONET_NODISCARD gonet_packet_conn_t *gonet_listen_config_listen_packet(
    const gonet_listen_config_t *lc, gonet_context_t *ctx, const char *network, const char *address,
    gonet_error_t **err);

/* gonet_listen_config_multipath_tcp and _set_multipath_tcp: as for dialers. */
GONET_API bool gonet_listen_config_multipath_tcp(const gonet_listen_config_t *lc);
GONET_API void gonet_listen_config_set_multipath_tcp(gonet_listen_config_t *lc, bool use);

GONET_END_DECLS

#endif
