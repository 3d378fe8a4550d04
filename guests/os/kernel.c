/*
 * The teaching OS: from the boot page to the first program.
 *
 * Words of the command line:
 *   init=PROGRAM[,ARGUMENT...]   the first program; shell when it is not given
 *   quiet                        no greeting
 *   balloon                      gives memory back to a monitor that asks for it
 * When the first program ends, the machine goes off with its status.
 */
#include "guests/lib/errors.h"
#include "guests/lib/string.h"
#include "guests/os/arch.h"
#include "guests/os/balloon.h"
#include "guests/os/console.h"
#include "guests/os/directory.h"
#include "guests/os/disk.h"
#include "guests/os/file.h"
#include "guests/os/printk.h"
#include "guests/os/proc.h"
#include "guests/os/sched.h"
#include "guests/os/timer.h"
#include "guests/os/vm.h"
#include "isa/boot.h"
#include "isa/paging.h"

/* boot.S and os.ld */
extern char boot_stack[], kernel_end[];

_Noreturn void kernel_main(const struct boot_page *boot);

/* Everything from here on is free: behind the kernel, its modules and the boot page. */
static word first_free(const struct boot_page *boot)
{
    word end = (word)boot + PAGE_SIZE;

    if (end < (word)kernel_end)
        end = (word)kernel_end;
    for (word i = 0; i < boot->module_count; i++) {
        word module_end = boot->modules[i].address + boot->modules[i].size;
        if (end < module_end)
            end = module_end;
    }
    return end;
}

static const struct boot_module *find_module(const struct boot_page *boot, const char *name)
{
    for (word i = 0; i < boot->module_count && i < BOOT_MODULES_MAX; i++)
        if (strcmp(boot->modules[i].name, name) == 0)
            return &boot->modules[i];
    panic("there is no boot module '%s'", name);
}

/* What follows `key` in the word of the command line that begins with it; copied into `value`,
 * empty when there is no such word. True when there is. */
static bool command_line_word(const struct boot_page *boot, const char *key, char *value, word size)
{
    const char *at = boot->cmdline;
    size_t length = strlen(key);

    for (;;) {
        while (*at == ' ')
            at++;
        const char *end = at;
        while (*end && *end != ' ')
            end++;
        if ((size_t)(end - at) >= length && strncmp(at, key, length) == 0) {
            size_t count = (size_t)(end - at) - length;
            if (count >= size)
                panic("the command line's '%s' is too long", key);
            memcpy(value, at + length, count);
            value[count] = 0;
            return true;
        }
        if (!*end) {
            value[0] = 0;
            return false;
        }
        at = end;
    }
}

static void start_first_program(const struct boot_page *boot)
{
    char words[128];
    static struct arguments args;

    if (!command_line_word(boot, "init=", words, sizeof words))
        string_copy(words, "shell", sizeof words);
    for (char *at = words; at;) {
        char *comma = strchr(at, ',');
        if (comma)
            *comma = 0;
        if (arguments_add(&args, at))
            panic("the first program has too many arguments");
        at = comma ? comma + 1 : NULL;
    }
    struct file *console = file_console();
    int pid = proc_spawn(NULL, words, &args, console, console, console);
    if (pid < 0)
        panic("the first program, '%s', cannot be started: %s", words, error_text(pid));
}

static void greet(const struct boot_page *boot)
{
    char rest[8];

    if (command_line_word(boot, "quiet", rest, sizeof rest))
        return;
    printk("Trapeze OS: %u KiB of memory, %u files", boot->ram_size / 1024, directory_count());
    if (disk_size())
        printk(", a disk of %u sectors", disk_size());
    if (directory_count_disk())
        printk(" with %u of them", directory_count_disk());
    printk("\n");
}

_Noreturn void kernel_main(const struct boot_page *boot)
{
    char rest[8];

    console_init();
    if (boot->magic != BOOT_MAGIC)
        panic("there is no boot page at %p", (const void *)boot);
    vm_init(boot->ram_base, boot->ram_size, first_free(boot));
    const struct boot_module *programs = find_module(boot, "programs");
    directory_init((const void *)programs->address, programs->size);
    timer_init();
    disk_init();
    directory_mount_disk();
    greet(boot);
    if (command_line_word(boot, "balloon", rest, sizeof rest))
        balloon_init();
    proc_init(boot_stack);
    start_first_program(boot);
    sched_idle();
}
