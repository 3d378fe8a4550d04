/* The terminal as it was; see term.h. */
#include "tui/term.h"

#include <curses.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>

enum kind { FATAL, END, NOTE };

static const struct {
    int number;
    enum kind kind;
    unsigned note;
} signals[] = {
    {SIGSEGV, FATAL, 0},
    {SIGBUS, FATAL, 0},
    {SIGFPE, FATAL, 0},
    {SIGILL, FATAL, 0},
    {SIGABRT, FATAL, 0},
    {SIGTERM, END, 0},
    {SIGHUP, END, 0},
    {SIGINT, NOTE, TERM_INTERRUPT},
    {SIGTSTP, NOTE, TERM_SUSPEND},
    {SIGWINCH, NOTE, TERM_RESIZE},
    {SIGCONT, NOTE, TERM_RESIZE},
};

/* A signal handler has no parameter but the signal, so what it needs must lie somewhere
 * fixed: the one place in the program with state of its own. */
static struct {
    struct termios modes;
    char leave[256]; /* what to print to leave the full screen */
    size_t leave_length;
    struct sigaction before[COUNT_OF(signals)];
    int pipe[2]; /* a byte for each note, so that a wait ends */
    volatile sig_atomic_t notes[COUNT_OF(signals)];
    char *alternate_stack;
} term;

static void put_back(void)
{
    ssize_t ignored = write(STDOUT_FILENO, term.leave, term.leave_length);

    (void)ignored;
    tcsetattr(STDOUT_FILENO, TCSANOW, &term.modes);
}

static void say(const char *s)
{
    ssize_t ignored = write(STDERR_FILENO, s, strlen(s));

    (void)ignored;
}

/* Only what POSIX allows in a handler. */
static void on_signal(int number)
{
    int saved = errno;
    size_t i = 0;

    while (signals[i].number != number)
        i++;
    if (signals[i].kind == NOTE) {
        ssize_t ignored = write(term.pipe[1], "", 1);

        (void)ignored;
        term.notes[i] = 1;
        errno = saved;
        return;
    }
    put_back();
    if (signals[i].kind == FATAL)
        say("trapeze: the program itself failed; the terminal has been put back\n");
    /* Whoever handled it before (or the default) gets it when this handler returns. */
    sigaction(number, &term.before[i], NULL);
    raise(number);
}

static int add_leave(int c)
{
    if (term.leave_length < sizeof term.leave)
        term.leave[term.leave_length++] = (char)c;
    return c;
}

/* No longer in colour, keypad off, cursor shown, normal screen. */
static void remember_leave(void)
{
    static const char *const names[] = {"sgr0", "op", "rmkx", "cnorm", "rmcup"};

    term.leave_length = 0;
    for (size_t i = 0; i < COUNT_OF(names); i++) {
        char *s = tigetstr(names[i]);

        if (s && s != (char *)-1)
            tputs(s, 1, add_leave);
    }
}

bool term_possible(char *why, size_t size)
{
    const char *name = getenv("TERM");
    int state = 0;

    if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
        snprintf(why, size, "the dashboard needs a terminal, and this is a file or a pipe");
        return false;
    }
    if (!name || !*name || strcmp(name, "dumb") == 0) {
        snprintf(why, size,
                 "the dashboard needs a terminal that can move its cursor, and TERM is %s",
                 name && *name ? "dumb" : "not set");
        return false;
    }
    if (setupterm(name, STDOUT_FILENO, &state) != OK) {
        snprintf(why, size,
                 "TERM is '%s', which the terminfo database does not know; try "
                 "TERM=xterm or TERM=vt100",
                 name);
        return false;
    }
    char *cup = tigetstr("cup");
    bool possible = cup && cup != (char *)-1;
    if (!possible)
        snprintf(why, size,
                 "the dashboard needs a terminal that can move its cursor, and "
                 "'%s' cannot",
                 name);
    del_curterm(cur_term);
    return possible;
}

static int open_pipe(void)
{
    if (pipe(term.pipe) != 0)
        return -1;
    for (int i = 0; i < 2; i++) {
        fcntl(term.pipe[i], F_SETFD, FD_CLOEXEC);
        fcntl(term.pipe[i], F_SETFL, O_NONBLOCK);
    }
    return 0;
}

int term_open(struct error *err)
{
    /* A stack of its own: also a stack that has run over is a crash. */
    stack_t stack = {.ss_size = 64 * 1024};
    int state;

    if (tcgetattr(STDOUT_FILENO, &term.modes) != 0 || open_pipe() != 0)
        return error_set(err, ERROR_io, "terminal: %s", strerror(errno));
    stack.ss_sp = term.alternate_stack = malloc(stack.ss_size);
    if (!stack.ss_sp)
        return error_set(err, ERROR_memory, "out of memory");
    if (setupterm(NULL, STDOUT_FILENO, &state) == OK) {
        remember_leave();
        del_curterm(cur_term);
    }
    sigaltstack(&stack, NULL);
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_ONSTACK};

        sigfillset(&action.sa_mask);
        sigaction(signals[i].number, &action, &term.before[i]);
    }
    return 0;
}

void term_close(void)
{
    stack_t none = {.ss_flags = SS_DISABLE};

    for (size_t i = 0; i < COUNT_OF(signals); i++)
        sigaction(signals[i].number, &term.before[i], NULL);
    sigaltstack(&none, NULL);
    free(term.alternate_stack);
    close(term.pipe[0]);
    close(term.pipe[1]);
}

void term_wait(int milliseconds)
{
    struct pollfd fds[] = {{STDIN_FILENO, POLLIN, 0}, {term.pipe[0], POLLIN, 0}};

    poll(fds, COUNT_OF(fds), milliseconds);
}

unsigned term_notes(void)
{
    unsigned notes = 0;
    char drain[64];

    while (read(term.pipe[0], drain, sizeof drain) > 0)
        ;
    for (size_t i = 0; i < COUNT_OF(signals); i++) {
        if (term.notes[i])
            notes |= signals[i].note;
        term.notes[i] = 0;
    }
    return notes;
}

void term_suspend(void)
{
    struct sigaction ours, standard = {.sa_handler = SIG_DFL};

    sigaction(SIGTSTP, &standard, &ours);
    raise(SIGTSTP);
    sigaction(SIGTSTP, &ours, NULL);
}
