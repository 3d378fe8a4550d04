/* Page tables, read as the hardware walker reads them; see walk.h. */
#include "machine/walk.h"

#include <string.h>

#include "machine/internal.h"

static bool is_pointer(word entry)
{
    return (entry & (PTE_R | PTE_W | PTE_X)) == 0;
}

/* Entries that no access may use: absent, reserved forms. */
static bool is_bad(word entry)
{
    return !(entry & PTE_V) || (entry & PTE_ZERO) || (entry & (PTE_R | PTE_W)) == PTE_W;
}

/* Reads an entry in real memory; false when its table lies outside RAM. */
static bool read_entry(struct cpu *c, hpa at, gva address, unsigned level, bool charged,
                       struct used *out)
{
    word offset = at - RAM_BASE;

    *out = (struct used){.at = at};
    if (offset >= c->machine->config.ram_size)
        return false;
    memcpy(&out->entry, c->machine->ram + offset, sizeof(word));
    if (charged) {
        cpu_charge(c, c->machine->config.cost.walk);
        machine_emit(c->machine, EVENT_walk, 0, address, out->entry, level);
    }
    return true;
}

/* What the leaf of a level maps; false when it is a misaligned superpage. */
static bool map_leaf(word entry, unsigned level, gva address, gpa *out)
{
    word size = level ? SUPERPAGE_SIZE : PAGE_SIZE;

    *out = (entry & PTE_PPN & ~(size - 1)) | (address & (size - 1));
    return (entry & PTE_PPN & (size - 1)) == 0;
}

void walk_real(struct cpu *c, word root, gva address, unsigned nested, bool charged,
               struct walk *out)
{
    hpa table = (root & PTBR_PPN) << PAGE_SHIFT;

    out->end = END_NONE;
    out->address = address;
    out->table_count = 0;
    for (unsigned level = 2; level-- > 0; table = out->leaf.entry & PTE_PPN) {
        unsigned index = level ? PT_INDEX1(address) : PT_INDEX0(address);

        out->leaf_address = table + index * sizeof(word);
        if (!read_entry(c, out->leaf_address, address, level + nested, charged, &out->leaf)) {
            out->end = END_OUTSIDE;
            return;
        }
        if (is_bad(out->leaf.entry))
            return;
        if (is_pointer(out->leaf.entry))
            continue;
        if (map_leaf(out->leaf.entry, level, address, &out->address))
            out->end = END_LEAF;
        return;
    }
}

/* Rings are the guest's affair. */
void walk_nested(struct cpu *c, gpa address, word rights, bool charged, struct walk *out)
{
    walk_real(c, c->guest.nptbr, address, WALK_NESTED, charged, out);
    if (out->end != END_LEAF || !(out->leaf.entry & rights))
        out->end = END_NESTED;
}

/* The guest's own table, each of whose entries is found through the nested one. */
static void walk_guest(struct cpu *c, word root, gva address, bool charged, struct walk *out)
{
    struct walk below;
    gpa table = (root & PTBR_PPN) << PAGE_SHIFT;

    out->end = END_NONE;
    out->address = address;
    out->table_count = 0;
    for (unsigned level = 2; level-- > 0; table = out->leaf.entry & PTE_PPN) {
        unsigned index = level ? PT_INDEX1(address) : PT_INDEX0(address);

        out->leaf_address = table + index * sizeof(word);
        walk_nested(c, out->leaf_address, PTE_R, charged, &below);
        out->tables[out->table_count++] = below.leaf;
        if (below.end != END_LEAF) {
            out->end = END_NESTED;
            out->address = out->leaf_address;
            return;
        }
        if (!read_entry(c, below.address, address, level, charged, &out->leaf)) {
            out->end = END_OUTSIDE;
            return;
        }
        if (is_bad(out->leaf.entry))
            return;
        if (is_pointer(out->leaf.entry))
            continue;
        if (map_leaf(out->leaf.entry, level, address, &out->address))
            out->end = END_LEAF;
        return;
    }
}

void walk_own(struct cpu *c, gva address, bool charged, struct walk *out)
{
    if (c->guest.nptbr)
        walk_guest(c, c->regs.ptbr, address, charged, out);
    else
        walk_real(c, c->regs.ptbr, address, 0, charged, out);
}

void walk_mark(struct cpu *c, const struct used *u, word bits)
{
    word offset = u->at - RAM_BASE, entry;

    memcpy(&entry, c->machine->ram + offset, sizeof(entry));
    if ((entry | bits) == entry)
        return;
    entry |= bits;
    memcpy(c->machine->ram + offset, &entry, sizeof(entry));
    ram_written(c->machine, offset, sizeof(entry));
}
