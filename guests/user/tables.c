/*
 * tables [ROUNDS] [PROCESSES] [PAGES]: work for page tables. Each of the processes (2) makes
 * so many rounds (300): its heap grows or shrinks, or a page of it is read, compared with
 * what must be there, and written. A page that was given back and comes again must be zeros.
 * All processes use the same addresses for different things, so an entry of a page table, of
 * the TLB, or of a monitor's shadow of them that outlives its page shows at once.
 */
#include "guests/lib/malloc.h"
#include "guests/lib/random.h"
#include "guests/user/arguments.h"

#define PAGE          4096u
#define PROCESSES_MAX 16u
#define SPREAD        2654435761u /* numbers that are near become numbers that are not */

/* The heap, and what must be in it. */
struct heap {
    char *start;
    unsigned used, most; /* pages */
    unsigned wrong;
    unsigned expected[]; /* of each page; 0: untouched */
};

static bool failed(const void *address)
{
    return (int)(unsigned)address < 0;
}

/* To `used` pages; not at all when there is no memory for them. */
static void resize(struct heap *h, unsigned used)
{
    if (failed(sbrk(((int)used - (int)h->used) * (int)PAGE)))
        return;
    for (unsigned i = h->used; i < used; i++)
        h->expected[i] = 0;
    h->used = used;
}

/* A page is told from every other by its first and its last word. */
static void touch(struct heap *h, unsigned page, unsigned value)
{
    volatile unsigned *words = (unsigned *)(void *)(h->start + page * PAGE);
    volatile unsigned *last = words + PAGE / 4 - 1;

    h->wrong += words[0] != h->expected[page] || *last != h->expected[page];
    words[0] = *last = h->expected[page] = value;
}

static void one_round(struct heap *h, unsigned *seed)
{
    unsigned choice = random_draw(seed) % 8, pages = random_draw(seed) % h->most + 1;

    if (choice == 0)
        resize(h, h->used < pages ? 0 : h->used - pages);
    else if (choice <= 2)
        resize(h, h->used + pages < h->most ? h->used + pages : h->most);
    else if (h->used)
        touch(h, pages % h->used, random_draw(seed) | 1);
}

/* Some give back all that they have, and some leave it to their end. */
static int work(unsigned rounds, unsigned number, unsigned most)
{
    struct heap *h = malloc(sizeof *h + most * sizeof h->expected[0]);
    unsigned seed = (number + 1) * SPREAD;

    if (!h)
        return 1;
    h->start = (char *)(((unsigned)sbrk(0) + PAGE - 1) & ~(PAGE - 1));
    if (failed(sbrk(h->start - (char *)sbrk(0))))
        return 1;
    h->used = h->wrong = 0;
    h->most = most;
    for (unsigned i = 0; i < rounds; i++)
        one_round(h, &seed);
    for (unsigned i = 0; i < h->used; i++)
        touch(h, i, 1);
    if (number % 2)
        resize(h, 0);
    if (h->wrong)
        printf("tables: process %u found %u wrong pages\n", number, h->wrong);
    return h->wrong != 0;
}

/* Returns how many processes ended as they should. */
static unsigned work_together(char *self, unsigned rounds, unsigned processes, unsigned most)
{
    char words[4][12];
    const char *const arguments[] = {self, words[0], words[1], words[2], words[3], NULL};
    int pids[PROCESSES_MAX], status;
    unsigned good = 0;

    for (unsigned i = 0; i < processes; i++) {
        const unsigned numbers[] = {rounds, processes, most, i};
        for (unsigned j = 0; j < 4; j++)
            snprintf(words[j], sizeof words[j], "%u", numbers[j]);
        pids[i] = spawn(self, arguments, STDIN, STDOUT);
    }
    for (unsigned i = 0; i < processes; i++)
        good += pids[i] > 0 && wait(pids[i], &status) > 0 && status == 0;
    return good;
}

int main(int argc, char **argv)
{
    unsigned rounds = argument_number(argc, argv, 1, 300);
    unsigned processes = argument_number(argc, argv, 2, 2);
    unsigned most = argument_number(argc, argv, 3, 32);

    if (processes > PROCESSES_MAX || most < 1 || most > 1024) {
        print_to(STDERR, "tables: at most %u processes, and 1 to 1024 pages\n", PROCESSES_MAX);
        return 2;
    }
    if (argc > 4) /* one of them */
        return work(rounds, argument_number(argc, argv, 4, 0), most);
    unsigned good = work_together(argv[0], rounds, processes, most);
    printf("%u rounds in each of %u processes, nothing wrong in %u\n", rounds, processes, good);
    return good != processes;
}
