/*
 * A scenario as the story that the verbs (world/verbs.h) advance: run() goes on whenever the
 * goal that it waits for is reached, and what it says is why the machine stands.
 */
#ifndef SCRIPT_STORY_H
#define SCRIPT_STORY_H

#include "script/script.h"
#include "world/verbs.h"

struct script_story {
    struct script *script;
    unsigned said; /* moments of the story so far (script_said) */
};

/* For verbs_init, after script_start; *s lives as long as the verbs. */
struct verbs_story script_story(struct script_story *s, struct script *script);

#endif
