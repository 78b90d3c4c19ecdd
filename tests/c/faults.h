/* faults.h: system calls and allocations that fail when a test says so: through the linker (--wrap), so the program is
 * the shipped one. The responder of the tests uses sendto() and recvfrom(): its calls do not fail.
 *
 * SPDX-License-Identifier: MIT */
#ifndef FAULTS_H
#define FAULTS_H

#include <errno.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <sys/socket.h>

enum fault {
  F_NONE,
  F_MALLOC,
  F_SENDMMSG,
  F_RECVMMSG,
  F_EPOLL_WAIT,
  F_EPOLL_CTL,
  F_SOCKET,
  F_CONNECT,
  F_SEND,
  F_RECV,
  F_GETRANDOM
};

static struct {
  enum fault call;
  int error;
  unsigned long calls, from, until; /* the calls `from` to `until` fail, counted from 1, */
  unsigned long every;              /* and of these each so many-th */
  unsigned long blocks;             /* allocated and not yet freed */
} faults;

static inline int fault(enum fault call) {
  if (faults.call != call) return 0;
  faults.calls++;
  if (faults.calls < faults.from || faults.calls > faults.until || faults.calls % faults.every != 0) return 0;
  errno = faults.error;
  return 1;
}

static inline void fault_set(enum fault call, int error, unsigned long from, unsigned long until) {
  faults.call = call;
  faults.error = error;
  faults.calls = 0;
  faults.from = from;
  faults.until = until;
  faults.every = 1;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void __real_free(void *block);
int __real_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags);
int __real_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout);
int __real_epoll_wait(int fd, struct epoll_event *events, int count, int timeout);
int __real_epoll_ctl(int fd, int op, int watched, struct epoll_event *event);
int __real_socket(int family, int kind, int protocol);
int __real_connect(int fd, const struct sockaddr *at, socklen_t size);
ssize_t __real_send(int fd, const void *octets, size_t len, int flags);
ssize_t __real_recv(int fd, void *octets, size_t len, int flags);
ssize_t __real_getrandom(void *octets, size_t len, unsigned int flags);

void *__wrap_malloc(size_t size) {
  if (fault(F_MALLOC)) return NULL;
  faults.blocks++;
  return __real_malloc(size);
}
void *__wrap_calloc(size_t count, size_t size) {
  if (fault(F_MALLOC)) return NULL;
  faults.blocks++;
  return __real_calloc(count, size);
}
void __wrap_free(void *block) {
  faults.blocks -= block != NULL;
  __real_free(block);
}
int __wrap_sendmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags) {
  return fault(F_SENDMMSG) ? -1 : __real_sendmmsg(fd, headers, count, flags);
}
int __wrap_recvmmsg(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout) {
  return fault(F_RECVMMSG) ? -1 : __real_recvmmsg(fd, headers, count, flags, timeout);
}
int __wrap_epoll_wait(int fd, struct epoll_event *events, int count, int timeout) {
  return fault(F_EPOLL_WAIT) ? -1 : __real_epoll_wait(fd, events, count, timeout);
}
int __wrap_epoll_ctl(int fd, int op, int watched, struct epoll_event *event) {
  return fault(F_EPOLL_CTL) ? -1 : __real_epoll_ctl(fd, op, watched, event);
}
int __wrap_socket(int family, int kind, int protocol) {
  return fault(F_SOCKET) ? -1 : __real_socket(family, kind, protocol);
}
int __wrap_connect(int fd, const struct sockaddr *at, socklen_t size) {
  return fault(F_CONNECT) ? -1 : __real_connect(fd, at, size);
}
ssize_t __wrap_getrandom(void *octets, size_t len, unsigned int flags) {
  return fault(F_GETRANDOM) ? -1 : __real_getrandom(octets, len, flags);
}
ssize_t __wrap_send(int fd, const void *octets, size_t len, int flags) {
  return fault(F_SEND) ? -1 : __real_send(fd, octets, len, flags);
}
ssize_t __wrap_recv(int fd, void *octets, size_t len, int flags) {
  return fault(F_RECV) ? -1 : __real_recv(fd, octets, len, flags);
}

#endif
