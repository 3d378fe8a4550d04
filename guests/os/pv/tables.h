/*
 * Page tables that the monitor checks; see tables.c.
 */
#ifndef OS_PV_TABLES_H
#define OS_PV_TABLES_H

#include "guests/os/types.h"

/* Asks for the real frames behind all RAM, and keeps the answer at first_free; returns the end. */
word pv_frames_init(word ram_base, word ram_size, word first_free);
/* The address part of an entry that leads to this page of RAM, and back. */
word pv_frame(const void *page);
void *pv_page(word entry);

word pv_entry_read(const word *entry);
void pv_entry_write(word *entry, word value);
void pv_table_made(word *table, word level);
void pv_table_gone(word *table);
void pv_root(const word *root, word asid);

/* Something for the monitor to do before the next program runs. */
void pv_queue(word address, word value);
/* It is done now. */
void pv_update(void);

#endif
