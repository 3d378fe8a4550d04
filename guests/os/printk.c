/*
 * Messages of the kernel go the same way as those of programs, through the console's
 * queue, so that they appear in the order in which they were said.
 */
#include "guests/os/printk.h"

#include "guests/lib/format.h"
#include "guests/os/arch.h"
#include "guests/os/console.h"

static void console_sink(void *user, const char *text, size_t size)
{
    (void)user;
    console_put(text, size);
}

static void print_list(const char *format, va_list args)
{
    format_text(console_sink, NULL, format, args);
}

void printk(const char *format, ...)
{
    va_list args;

    va_start(args, format);
    print_list(format, args);
    va_end(args);
}

void panic(const char *format, ...)
{
    va_list args;

    irq_off();
    printk("kernel panic: ");
    va_start(args, format);
    print_list(format, args);
    va_end(args);
    printk("\n");
    power_off(PANIC_STATUS);
}

void power_off(word status)
{
    irq_off();
    console_flush();
    machine_off(status);
}
