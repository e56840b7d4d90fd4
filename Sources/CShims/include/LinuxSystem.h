#ifndef LEADLINE_LINUX_SYSTEM_H
#define LEADLINE_LINUX_SYSTEM_H
// The Linux calls that Swift's Glibc module does not show. Thin twins: no policy, errno untouched.
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/types.h>

/// epoll_create1(2), closed on exec.
int leadline_epoll_create(void);
/// epoll_ctl(2) with EPOLL_CTL_ADD, EPOLL_CTL_MOD or EPOLL_CTL_DEL.
int leadline_epoll_add(int epoll, int descriptor, uint32_t events, uint64_t token);
int leadline_epoll_modify(int epoll, int descriptor, uint32_t events, uint64_t token);
int leadline_epoll_remove(int epoll, int descriptor);
/// epoll_pwait2(2) in nanoseconds where the kernel has it, else epoll_wait(2); a negative time waits for ever.
int leadline_epoll_wait(int epoll, struct epoll_event *events, int capacity, int64_t nanoseconds);

/// One entry of an event array; the kernel packs them on x86-64.
static inline uint32_t leadline_epoll_flags(const struct epoll_event *events, int index) {
    return events[index].events;
}
static inline uint64_t leadline_epoll_token(const struct epoll_event *events, int index) {
    return events[index].data.u64;
}
static inline size_t leadline_epoll_event_size(void) { return sizeof(struct epoll_event); }

static inline uint32_t leadline_epoll_readable(void) { return EPOLLIN; }
static inline uint32_t leadline_epoll_writable(void) { return EPOLLOUT; }
static inline uint32_t leadline_epoll_peer_closed(void) { return EPOLLRDHUP; }
static inline uint32_t leadline_epoll_failed(void) { return EPOLLERR | EPOLLHUP; }

/// eventfd(2), non-blocking, closed on exec.
int leadline_eventfd(void);
/// accept4(2), non-blocking, closed on exec.
int leadline_accept(int listener, struct sockaddr *address, socklen_t *length);
/// socket(2) for a TCP stream, non-blocking, closed on exec.
int leadline_stream_socket(int family);

/// pthread_sigmask(3): blocks the signals of the list in the calling thread. Returns an error number.
int leadline_block_signals(const int *signals, size_t count);
/// signalfd(2) for the signals of the list, non-blocking, closed on exec.
int leadline_signalfd(const int *signals, size_t count);
/// Reads one signal; its number, 0 when none waits, -1 on error.
int leadline_signalfd_read(int descriptor);
/// signal(SIGPIPE, SIG_IGN).
void leadline_ignore_broken_pipes(void);

/// pthread_create(3) with a stack size in bytes. Returns an error number.
int leadline_thread_start(pthread_t *thread, size_t stack, void *(*body)(void *), void *argument);
/// pthread_setname_np(3) on the calling thread; names beyond 15 bytes are cut.
void leadline_thread_name(const char *name);
/// pthread_setaffinity_np(3) on the calling thread. Returns an error number.
int leadline_thread_pin(int processor);
/// prctl(2) PR_SET_TIMERSLACK on the calling thread: how much later than asked the kernel may end its sleeps.
void leadline_thread_timer_slack(unsigned long nanoseconds);
#endif
