/*
 * From a program in a file to a process ready to run: segments are copied to where the
 * program expects them, the arguments to the top of its stack, and a frame is made as if it
 * had just trapped at its entry.
 *
 *   8000_0000  strings of the arguments
 *              argv[argc] = 0, ... argv[0]
 *        sp -> (aligned to 16)
 */
#include "guests/os/exec.h"

#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/elf.h"
#include "guests/os/layout.h"
#include "guests/os/printk.h"
#include "isa/paging.h"

static int load_segment(struct space *space, const struct elf_segment *s,
                        const struct stored_file *file)
{
    for (word at = 0; at < s->size; at += PAGE_SIZE) {
        char *page = space_map(space, s->address + at, s->rights);
        if (!page)
            return -ERROR_no_memory;
        if (at < s->filled) {
            word rest = s->filled - at;
            int error =
                directory_read(file, s->offset + at, page, rest < PAGE_SIZE ? rest : PAGE_SIZE);
            if (error)
                return error;
        }
    }
    return 0;
}

/* Returns the stack pointer, which is also argv; 0 without memory. */
static word push_arguments(struct space *space, const struct arguments *a)
{
    word strings = USER_END - ((a->size + 3) & ~3u);
    word argv = (strings - (a->count + 1) * 4) & ~15u;
    word at = 0;

    if (!space_write(space, strings, a->text, a->size))
        return 0;
    for (word i = 0; i <= a->count; i++) {
        word pointer = i < a->count ? strings + at : 0;
        if (!space_write(space, argv + i * 4, &pointer, 4))
            return 0;
        if (i < a->count)
            at += (word)strlen(a->text + at) + 1;
    }
    return argv;
}

int exec_load(struct space *space, struct trap_frame *frame, const struct stored_file *file,
              const struct arguments *a)
{
    struct elf_program program;
    word head[ELF_HEAD_SIZE / sizeof(word)];
    int error = directory_read(file, 0, head, file->size < sizeof head ? file->size : sizeof head);

    if (error)
        return error;
    const char *wrong = elf_parse(&program, head, file->size);

    if (wrong) {
        printk("%s: %s\n", a->text, wrong);
        return -ERROR_not_program;
    }
    for (word i = 0; i < program.segment_count; i++) {
        error = load_segment(space, &program.segments[i], file);
        if (error)
            return error;
    }
    code_written();
    space->heap_start = space->heap_end = program.end;
    word argv = push_arguments(space, a);
    if (!argv)
        return -ERROR_no_memory;
    space->faults = 0; /* the arguments' page was no fault of the program's */
    *frame = (struct trap_frame){
        .epc = program.entry,
        .status = 3u << status_pring_SHIFT | status_pie, /* tret goes to ring 3 */
    };
    frame->x[REG_SP] = argv;
    frame->x[REG_A0] = a->count;
    frame->x[REG_A1] = argv;
    return 0;
}
