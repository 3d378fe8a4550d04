/* A paravirtual kernel holds real frames by number: none can be given away under its hands. */
#include "guests/os/balloon.h"

#include "guests/os/printk.h"

void balloon_init(void)
{
    printk("balloon: a paravirtual kernel's memory is its own\n");
}
