/*
 * Completion for bash and zsh, from the command table. What an argument completes to is seen from
 * how the table calls it: SCENARIO, PROGRAM, SOURCE, COMMAND; FILE and DIR behind an option.
 */
#include <string.h>

#include "cli/help.h"
#include "cli/manual.h"

static bool wants_files(const char *what)
{
    return strstr(what, "PROGRAM") || strstr(what, "SOURCE") || strstr(what, "FILE") ||
           strstr(what, "DIR");
}

static void put_commands(FILE *out)
{
    for (unsigned i = 0; i < cli_command_count; i++)
        fprintf(out, "%s%s", i ? " " : "", cli_commands[i].name);
}

static void put_topics(FILE *out)
{
    const char *topic;

    for (unsigned i = 0; (topic = help_topic(i)); i++)
        fprintf(out, " %s", topic);
}

/* ---- bash --------------------------------------------------------------------------------- */

static void bash_options(FILE *out, const struct cli_option *o)
{
    for (; o->name; o++)
        fprintf(out, " --%s", o->name);
}

/* What the arguments of each command complete to, options aside. */
static void bash_arguments(FILE *out, const struct cli_command *c)
{
    if (strstr(c->arguments, "SCENARIO"))
        fputs("        words=$(trapeze list --json 2>/dev/null |"
              " sed -n 's/.*\"name\":\"\\([^\"]*\\)\".*/\\1/p')\n",
              out);
    if (strstr(c->arguments, "COMMAND")) {
        fputs("        words='", out);
        put_commands(out);
        put_topics(out);
        fputs("'\n", out);
    }
    if (wants_files(c->arguments))
        fputs("        files=1\n", out);
}

/* Options whose value is a file, of all commands: by themselves they say which command is meant. */
static void bash_file_options(FILE *out)
{
    for (unsigned i = 0; i < cli_command_count; i++)
        for (const struct cli_option *o = cli_commands[i].options; o->name; o++)
            if (o->value && wants_files(o->value)) {
                fprintf(out, "    %s:--%s", cli_commands[i].name, o->name);
                if (o->key >= ' ')
                    fprintf(out, " | %s:-%c", cli_commands[i].name, o->key);
                fputs(") COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", out);
            }
}

static void bash(FILE *out)
{
    fputs("# bash completion for trapeze; made by 'trapeze help --completion bash'\n"
          "_trapeze()\n{\n"
          "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
          "    local command=${COMP_WORDS[1]} words= options= files=\n"
          "    COMPREPLY=()\n"
          "    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
          "        COMPREPLY=($(compgen -W '",
          out);
    put_commands(out);
    fputs("' -- \"$cur\"))\n        return\n    fi\n    case $command:$prev in\n", out);
    bash_file_options(out);
    fputs("    esac\n    case $command in\n", out);
    for (unsigned i = 0; i < cli_command_count; i++) {
        fprintf(out, "    %s)\n        options='", cli_commands[i].name);
        bash_options(out, cli_commands[i].options);
        bash_options(out, cli_common_options);
        fputs("'\n", out);
        bash_arguments(out, &cli_commands[i]);
        fputs("        ;;\n", out);
    }
    fputs("    esac\n"
          "    case $cur in\n"
          "    -*) COMPREPLY=($(compgen -W \"$options\" -- \"$cur\")) ;;\n"
          "    *)\n"
          "        COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n"
          "        [ -z \"$files\" ] || COMPREPLY+=($(compgen -f -- \"$cur\"))\n"
          "        ;;\n"
          "    esac\n}\n"
          "complete -o filenames -F _trapeze trapeze\n",
          out);
}

/* ---- zsh ---------------------------------------------------------------------------------- */

/* Inside single quotes and brackets of _arguments. */
static void zsh_text(FILE *out, const char *text)
{
    for (; *text; text++) {
        if (*text == '\'')
            fputs("'\\''", out);
        else if (strchr("[]:\\", *text))
            fprintf(out, "\\%c", *text);
        else
            fputc(*text, out);
    }
}

static void zsh_options(FILE *out, const struct cli_option *o)
{
    for (; o->name; o++) {
        if (o->key >= ' ')
            fprintf(out, "        '*'{-%c,--%s}'[", o->key, o->name);
        else
            fprintf(out, "        '*--%s[", o->name);
        zsh_text(out, o->meaning);
        fputc(']', out);
        if (o->value) {
            fputc(':', out);
            zsh_text(out, o->value);
            fputs(wants_files(o->value) ? ":_files" : ":", out);
        }
        fputs("' \\\n", out);
    }
}

static void zsh_command(FILE *out, const struct cli_command *c)
{
    fprintf(out, "%s)\n    _arguments -s \\\n", c->name);
    zsh_options(out, c->options);
    zsh_options(out, cli_common_options);
    fputs("        '*:", out);
    zsh_text(out, *c->arguments ? c->arguments : "nothing more");
    if (strstr(c->arguments, "SCENARIO"))
        fputs(":_trapeze_scenarios'\n", out);
    else if (strstr(c->arguments, "COMMAND"))
        fputs(":_trapeze_topics'\n", out);
    else
        fputs(wants_files(c->arguments) ? ":_files'\n" : ":'\n", out);
    fputs("    ;;\n", out);
}

static void zsh(FILE *out)
{
    fputs("#compdef trapeze\n# made by 'trapeze help --completion zsh'\n"
          "_trapeze_scenarios()\n{\n"
          "    local -a names\n"
          "    names=(${(f)\"$(trapeze list --json 2>/dev/null |"
          " sed -n 's/.*\"name\":\"\\([^\"]*\\)\".*/\\1/p')\"})\n"
          "    _describe scenario names\n    _files\n}\n"
          "_trapeze_topics()\n{\n    local -a names\n    names=(",
          out);
    put_commands(out);
    put_topics(out);
    fputs(")\n    _describe topic names\n}\n"
          "local -a commands\ncommands=(\n",
          out);
    for (unsigned i = 0; i < cli_command_count; i++) {
        fprintf(out, "    '%s:", cli_commands[i].name);
        zsh_text(out, cli_commands[i].summary);
        fputs("'\n", out);
    }
    fputs(")\nif (( CURRENT == 2 )); then\n    _describe command commands\n    return\nfi\n"
          "shift words\n(( CURRENT-- ))\ncase $words[1] in\n",
          out);
    for (unsigned i = 0; i < cli_command_count; i++)
        zsh_command(out, &cli_commands[i]);
    fputs("esac\n", out);
}

bool manual_completion(FILE *out, const char *shell)
{
    if (strcmp(shell, "bash") == 0)
        bash(out);
    else if (strcmp(shell, "zsh") == 0)
        zsh(out);
    else
        return false;
    return true;
}
