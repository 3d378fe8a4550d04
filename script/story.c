/* A scenario as a story; see story.h. */
#include <ctype.h>

#include "script/story.h"

/* Adds what a reader reads next: sentences stay sentences, reasons are joined by semicolons. */
static void add_next(struct text *out, const char *s)
{
    bool ended = out->length && out->data[out->length - 1] == '.';

    if (out->length)
        text_add(out, "%s", ended ? " " : isupper((unsigned char)*s) ? ". " : "; ");
    text_add(out, "%c%s", ended ? toupper((unsigned char)*s) : *s, *s ? s + 1 : "");
}

static void say_done(const struct script *s, struct text *out)
{
    unsigned checks = script_check_count(s), failed = script_failed_count(s);

    add_next(out, "the scenario is done");
    if (failed)
        text_add(out, ": %u of %u checks fail", failed, checks);
    else if (checks)
        text_add(out, ": all %u checks hold", checks);
}

static unsigned go_on(void *user, struct text *why)
{
    struct script_story *s = user;
    struct error err = {0};
    unsigned before = s->said, news = 0;

    if (script_state(s->script) > SCRIPT_WAITING)
        return STORY_OVER;
    enum script_state state = script_resume(s->script, &err);
    const char *moment = script_said(s->script, &s->said);
    if (s->said != before) {
        add_next(why, moment);
        news = STORY_SAID;
    }
    if (state == SCRIPT_DONE)
        say_done(s->script, why);
    else if (state == SCRIPT_FAILED)
        add_next(why, err.text);
    return state > SCRIPT_WAITING ? news | STORY_OVER : news;
}

struct verbs_story script_story(struct script_story *s, struct script *script)
{
    *s = (struct script_story){.script = script};
    return (struct verbs_story){.go_on = go_on, .user = s};
}
