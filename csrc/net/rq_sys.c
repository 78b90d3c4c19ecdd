/* rq_sys.c: the kernel's system calls as a table, see rq_sys.h.
 * Never adds anything to them. SPDX-License-Identifier: MIT */
#include "rq_sys.h"

#include <fcntl.h>
#include <unistd.h>

#include <sys/random.h>

const rq_sys rq_sys_kernel = {
    .socket = socket,
    .connect = connect,
    .bind = bind,
    .setsockopt = setsockopt,
    .getsockopt = getsockopt,
    .close = close,
    .dup3 = dup3,
    .sendmmsg = sendmmsg,
    .recvmmsg = recvmmsg,
    .recvmsg = recvmsg,
    .send = send,
    .recv = recv,
    .epoll_create1 = epoll_create1,
    .epoll_ctl = epoll_ctl,
    .epoll_wait = epoll_wait,
    .usleep = usleep,
    .getrandom = getrandom,
    .clock_gettime = clock_gettime,
    .getpid = getpid,
};
