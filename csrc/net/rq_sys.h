/* rq_sys.h: the system calls of the network, as a table.
 *
 * Exists so that a test can put a simulated network and clock in the kernel's place and replay a session from a seed.
 * Nothing in csrc/net makes a system call that does not go through such a table. SPDX-License-Identifier: MIT */
#ifndef RQ_SYS_H
#define RQ_SYS_H

#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/types.h>
#include <time.h>

/* Each is the call of that name, errno included; see section 2 of the manual. */
typedef struct rq_sys {
  int (*socket)(int family, int kind, int protocol);
  int (*connect)(int fd, const struct sockaddr *to, socklen_t size);
  int (*bind)(int fd, const struct sockaddr *at, socklen_t size);
  int (*setsockopt)(int fd, int level, int name, const void *value, socklen_t size);
  int (*getsockopt)(int fd, int level, int name, void *value, socklen_t *size);
  int (*close)(int fd);
  int (*dup3)(int fd, int onto, int flags);
  int (*sendmmsg)(int fd, struct mmsghdr *headers, unsigned int count, int flags);
  int (*recvmmsg)(int fd, struct mmsghdr *headers, unsigned int count, int flags, struct timespec *timeout);
  ssize_t (*recvmsg)(int fd, struct msghdr *header, int flags);
  ssize_t (*send)(int fd, const void *octets, size_t len, int flags);
  ssize_t (*recv)(int fd, void *octets, size_t len, int flags);
  int (*epoll_create1)(int flags);
  int (*epoll_ctl)(int fd, int op, int watched, struct epoll_event *event);
  int (*epoll_wait)(int fd, struct epoll_event *events, int count, int timeout_ms);
  int (*usleep)(useconds_t us);
  ssize_t (*getrandom)(void *octets, size_t len, unsigned int flags);
  int (*clock_gettime)(clockid_t clock, struct timespec *now);
  pid_t (*getpid)(void);
} rq_sys;

/* The kernel's own. */
extern const rq_sys rq_sys_kernel;

#endif
