/*
 * The allocator: the one owner of every resource. Nobody else hands out a frame, a sector of the
 * disk or an address space number, and everything has exactly one owner and type. Ports, device
 * registers and interrupt lines are the monitor's own, all of them.
 */
#ifndef VMM_ALLOC_H
#define VMM_ALLOC_H

#include "vmm/types.h"

/* Owners are the monitor and VMs by number (1 to VMS_MAX); also what the record calls vmid. */
#define OWNER_VMM  0
#define VMS_MAX    64
#define OWNERS_MAX (VMS_MAX + 1)

enum frame_type {
    FRAME_FREE,
    FRAME_IMAGE,  /* the monitor, its modules and tables */
    FRAME_VM,     /* struct vm */
    FRAME_VMCB,   /* a virtual CPU's state */
    FRAME_RAM,    /* a guest's memory */
    FRAME_SHARED, /* memory of several guests, the monitor's; note: how many pages, link: hash */
    FRAME_P2M,    /* its map from guest-physical to host-physical */
    FRAME_SHADOW, /* what the real walker reads for it */
    FRAME_BT,     /* translations and what is known about them */
    FRAME_ASSIST, /* what its technique keeps for vmrun */
    FRAME_PARA,   /* what is kept for a paravirtual guest */
    FRAME_TYPES,
};

#define FRAME_MAPS 3 /* mostly the kernel's address of a page, and the program's */

/* What is known about a frame. link and note belong to the owner while it has the frame, which
 * comes with FRAME_NONE and 0. */
struct frame {
    uint16_t owner;
    uint8_t type;
    bool used;     /* had an owner before: may hold anything; else it is as at power-on, zero */
    uint32_t link; /* frame number of the next in some list, FRAME_NONE at its end */
    uint32_t note;
    gva maps[FRAME_MAPS]; /* of a guest's memory: where shadow tables map it; kept by shadow.c */
};
#define FRAME_NONE 0xffffffffu

#define ASIDS      512 /* what the ASID field of ptbr can name */
#define ASIDS_USED 40  /* as many as one owner has a use for (shadow.h, assist.h) */
#define ASID_NONE  0   /* never handed out: the monitor's own, untranslated */

struct sector_range {
    word first, count;
    uint16_t owner;
};

struct alloc {
    hpa base; /* of frame 0 */
    uint32_t count;
    struct frame *frames;
    uint32_t free_list;  /* frames that came back */
    uint32_t untouched;  /* from here on no frame was ever handed out, nor its entry written */
    uint32_t free_count; /* of both kinds */
    uint32_t held[OWNERS_MAX];     /* frames of each owner */
    uint32_t limit[OWNERS_MAX];    /* and the most it may hold */
    uint32_t promised[OWNERS_MAX]; /* and those that it can have whatever others want */
    uint32_t owed;                 /* promised, and not held now */
    uint32_t shared[OWNERS_MAX];   /* pages in frames of several owners: as if it held one each */
    uint32_t shared_frames;        /* those frames */
    uint64_t cycles[OWNERS_MAX];   /* CPU time that each has used */
    uint16_t asid_owner[ASIDS];    /* OWNER_VMM: free */
    uint16_t asids[OWNERS_MAX];    /* how many each has */
    uint16_t asid_limit;           /* and the most that one may have */
    struct sector_range sectors[VMS_MAX]; /* one for each VM that has some */
    unsigned sector_ranges;
    bool left[OWNERS_MAX]; /* owners that are gone, but for frames that they still hold */
    unsigned leaving;      /* how many of them there are */
    uint32_t swept;        /* the frame at which they are looked for next */
};

/*
 * All RAM from base on; [base, used_end) is in use already and becomes FRAME_IMAGE, the rest is
 * zero (isa/boot.h). The frame table is placed behind it. False when it does not fit.
 */
bool alloc_init(struct alloc *a, hpa base, word size, hpa used_end);

/* Promises frames to an owner, those that it holds included. False: others were promised too many. */
bool alloc_promise(struct alloc *a, unsigned owner, uint32_t frames);
/* Free frames that nobody was promised. */
uint32_t alloc_spare(const struct alloc *a);
/* How many more frames this owner could have now. */
uint32_t alloc_room(const struct alloc *a, unsigned owner);
/* A frame changes hands, with what is in it; the new owner's limit and promise are not asked. */
void alloc_transfer(struct alloc *a, hpa frame, unsigned from, unsigned to, enum frame_type type);

/* One frame, not cleared. False when none is left that was not promised to others, or the owner
 * has reached its limit. */
bool alloc_frame(struct alloc *a, unsigned owner, enum frame_type type, hpa *out);
/* The same, all zero. */
bool alloc_frame_zero(struct alloc *a, unsigned owner, enum frame_type type, hpa *out);
/* Giving back what is not one's own, or twice, is our mistake: asserted. */
void alloc_free(struct alloc *a, unsigned owner, hpa frame);
/* Takes back everything that an owner holds: frames, sectors, address space numbers. */
void alloc_release(struct alloc *a, unsigned owner);
/* The same, but its frames come back bit by bit, by alloc_sweep: a large VM that ends stops nobody. */
void alloc_leave(struct alloc *a, unsigned owner);
/* Looks at so many frames for those of owners that have left. False: there were none to look for. */
bool alloc_sweep(struct alloc *a, uint32_t frames);

/* The entry of a frame, which must be one of ours. */
struct frame *alloc_entry(struct alloc *a, hpa frame);
hpa alloc_address(const struct alloc *a, uint32_t number);
uint32_t alloc_number(const struct alloc *a, hpa frame);

/* Shares the address space numbers out: none of `owners` can leave another without, and none gets
 * more than it could use. */
void alloc_share_asids(struct alloc *a, unsigned owners);
/* ASID_NONE when the owner has its share. */
word alloc_asid(struct alloc *a, unsigned owner);
void alloc_asid_free(struct alloc *a, unsigned owner, word asid);

/* False when one of them has an owner already, or this owner has some. */
bool alloc_sectors(struct alloc *a, unsigned owner, word first, word count);

#endif
