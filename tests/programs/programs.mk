# Guest programs in assembly that are tests: what they must print stands in their comments.

PROGRAM_NAMES := $(filter-out lib,$(basename $(notdir $(wildcard tests/programs/*.S))))

$(G)/tests/programs/%.elf: $(G)/tests/programs/%.o $(G)/tests/programs/lib.o tests/programs/program.ld
	@mkdir -p $(@D)
	$(call say,GLD,$@)
	$(Q)$(GUEST_LD) $(GUEST_LDFLAGS) -T tests/programs/program.ld $(filter %.o,$^) -o $@

GUESTS += $(PROGRAM_NAMES:%=$(G)/tests/programs/%.elf)
