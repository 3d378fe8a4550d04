/*
 * The terminal without echo and line editing, which are the guest's business.
 *
 * The saved settings are the one global of the command line: an exit handler and a signal
 * handler must find them.
 */
#include "cli/terminal.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

static struct termios saved;
static volatile sig_atomic_t taken;

void terminal_close(void)
{
    if (taken)
        tcsetattr(STDIN_FILENO, TCSANOW, &saved);
    taken = 0;
}

static void on_signal(int signal_number)
{
    terminal_close();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

void terminal_open(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGSEGV, SIGABRT, SIGBUS};
    struct termios raw;

    if (taken || !isatty(STDIN_FILENO) || tcgetattr(STDIN_FILENO, &saved) != 0)
        return;
    raw = saved;
    raw.c_lflag &= ~(tcflag_t)(ICANON | ECHO | ISIG | IEXTEN);
    raw.c_iflag &= ~(tcflag_t)(IXON | INLCR);
    raw.c_cc[VMIN] = 0;
    raw.c_cc[VTIME] = 0;
    atexit(terminal_close);
    for (size_t i = 0; i < sizeof signals / sizeof signals[0]; i++)
        signal(signals[i], on_signal);
    taken = 1;
    tcsetattr(STDIN_FILENO, TCSANOW, &raw);
}

long terminal_read(char *buffer, size_t size, bool wait, bool *escape)
{
    struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
    int ready;

    *escape = false;
    do
        ready = poll(&p, 1, wait ? -1 : 0);
    while (ready < 0 && errno == EINTR);
    if (ready <= 0)
        return 0;
    ssize_t n = read(STDIN_FILENO, buffer, size);
    if (n <= 0)
        return -1;
    if (taken) {
        char *at = memchr(buffer, TERMINAL_ESCAPE, (size_t)n);
        if (at) {
            *escape = true;
            n = at - buffer;
        }
    }
    return n;
}
