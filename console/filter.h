/* SPDX-License-Identifier: MIT */
/*
 * The filter language of --filter and of the console's `\`.
 *
 * Terms stand one after the other, and all must hold:
 *
 *	word  "two words"      found in a name, site, reason or kind; case ignored
 *	key=value key!=value   the property is, is not; words: case ignored
 *	key~regex              an extended regular expression is found in it
 *	key>1ms key<=5k        a number, or a time with its unit, compared
 *
 * A key is a property's name, or the head of its column where no other column has
 * the same. Any other is an attribute's: peer~127, requests>10. A row without it
 * does not match; plain words are found in attributes too. A value that a property
 * of fixed words never has is refused.
 *
 * A value with spaces stands in double quotes; so does a word that would be
 * taken for a key: "a=b". What is not known (p99 of what never ran) never matches.
 */
#ifndef CONSOLE_FILTER_H
#define CONSOLE_FILTER_H

#include "console/models.h"
#include "console/property.h"

struct filter;

/*
 * Returns 0; -EINVAL with a sentence about what is wrong; or -ENOMEM. A key that
 * no row of the model has as an attribute is wrong; with a NULL model, which is
 * for filters that outlive their moment, any attribute may come to be.
 */
int filter_parse(const char *words, const struct properties *properties, const struct model *model,
		 struct filter **ret_filter, struct vigil_problem *ret_problem);

/* The same of rows of several processes: what any of them has is not wrong. models may be NULL. */
int filter_parse_of_all(const char *words, const struct properties *properties,
			const struct model *model, const struct models *models,
			struct filter **ret_filter, struct vigil_problem *ret_problem);
void filter_free(struct filter *filter);

/* A NULL filter matches all. */
bool filter_matches(const struct filter *filter, const struct model *model, const void *row);

/*
 * "10ms", "1.5s", "2k": a number and its unit. A time needs one of ns us ms s m
 * h d; a count may have k, M, G; bytes K, M, G of 1024. Returns whether it is one.
 */
bool filter_number(const char *words, enum property_type type, uint64_t *ret_number);

#endif
