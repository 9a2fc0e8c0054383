/*
 * A task with a frame of two stacks, of which it touches the far end alone: somebody else's stack,
 * unless the compiler has the frame touch each page.
 */
#include <gonet.h>
#include <string.h>

static void jump(void *arg)
{
    char line[512 << 10];

    (void)arg;
    memset(line, 'x', 64);
    __asm__ volatile("" : : "r"(line) : "memory");
}

int main(void)
{
    gonet_wait_group_t done = {0};

    if (gonet_wait_group_go(&done, jump, NULL) != 0)
        return 0;
    gonet_wait_group_wait(&done);
    return 0;
}
