/* SPDX-License-Identifier: MIT */
/*
 * The terminal, by way of curses.
 *
 * The law of the file: it alone includes <curses.h>. Signal handlers set a
 * flag and no more, except those for crashes, which write bytes prepared
 * when the terminal was opened and then let the crash happen. SIGTSTP is
 * left to curses, which gives the terminal back, stops and returns.
 */
#define NCURSES_WIDECHAR 1
#include "console/screen.h"

#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <term.h>
#include <termios.h>
#include <unistd.h>
#include <wchar.h>

#define ESCAPE_DELAY_MS 25
#define PAIRS 256
#define NO_PAIR (-1)

struct screen {
	SCREEN *curses;
	enum color_depth depth;
	int colors; /* the terminal has */
	bool is_ascii;
	struct canvas shown; /* what the terminal shows */
	bool is_shown_known;
	struct style pairs[PAIRS]; /* colours of a curses pair */
	int pair_count;
	int watched; /* a descriptor plus one; 0: none */
};

/* One process has one terminal; signal handlers know no argument. */
static struct {
	volatile sig_atomic_t is_open;
	volatile sig_atomic_t must_stop;
	volatile sig_atomic_t was_continued;
	struct termios modes;
	char restore[256]; /* bytes that undo what opening did */
	size_t restore_size;
} terminal;

static const int stop_signals[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static const int crash_signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT };

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

int color_choice_parse(const char *word, enum color_choice *ret_choice)
{
	static const struct {
		const char *word;
		enum color_choice choice;
	} words[] = {
		{ "auto", COLOR_AUTO },  { "never", COLOR_NEVER }, { "none", COLOR_NEVER },
		{ "16", COLOR_ONLY_16 }, { "256", COLOR_ALL_256 }, { "always", COLOR_ALL_256 },
	};
	size_t i;

	for (i = 0; i < COUNT(words); i++) {
		if (strcmp(word, words[i].word) == 0) {
			*ret_choice = words[i].choice;
			return 0;
		}
	}
	return -1;
}

/* Signals. */

static void on_stop(int number)
{
	terminal.must_stop = number;
}

static void on_continue(int number)
{
	(void)number;
	terminal.was_continued = 1;
}

/* A crash: terminal first, then the signal again with its own effect. */
static void on_crash(int number)
{
	if (terminal.is_open) {
		ssize_t written = write(STDOUT_FILENO, terminal.restore, terminal.restore_size);

		(void)written;
		tcsetattr(STDIN_FILENO, TCSANOW, &terminal.modes);
	}
	signal(number, SIG_DFL);
	raise(number);
}

static void handle(const int *signals, size_t count, void (*handler)(int), int flags)
{
	struct sigaction action;
	size_t i;

	memset(&action, 0, sizeof(action));
	action.sa_handler = handler;
	action.sa_flags = flags;
	sigemptyset(&action.sa_mask);
	for (i = 0; i < count; i++)
		sigaction(signals[i], &action, NULL);
}

static void add_restore(const char *text)
{
	size_t size;

	/* What tigetstr returns for a capability that is no string. */
	if (!text || text == (const char *)-1)
		return;
	size = strlen(text);
	if (terminal.restore_size + size > sizeof(terminal.restore))
		return;
	memcpy(terminal.restore + terminal.restore_size, text, size);
	terminal.restore_size += size;
}

static void prepare_restore(void)
{
	terminal.restore_size = 0;
	add_restore(tigetstr("sgr0"));
	add_restore(tigetstr("cnorm"));
	add_restore("\033[?1000l\033[?1006l"); /* no mouse reports */
	add_restore(tigetstr("rmcup"));
	add_restore(tigetstr("rmkx"));
}

static void take_signals(void)
{
	static const int continues[] = { SIGCONT };

	handle(stop_signals, COUNT(stop_signals), on_stop, 0);
	handle(crash_signals, COUNT(crash_signals), on_crash, (int)SA_RESETHAND);
	handle(continues, 1, on_continue, SA_RESTART);
}

static void give_signals_back(void)
{
	static const int continues[] = { SIGCONT };

	handle(stop_signals, COUNT(stop_signals), SIG_DFL, 0);
	handle(crash_signals, COUNT(crash_signals), SIG_DFL, 0);
	handle(continues, 1, SIG_DFL, 0);
}

static void restore_at_exit(void)
{
	if (!terminal.is_open)
		return;
	terminal.is_open = 0;
	endwin();
}

/* Opening. */

/* Says why a terminal cannot be used, or returns 0. */
static int check_terminal(char *error, size_t size)
{
	const char *name = getenv("TERM");
	int result;

	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		snprintf(error, size,
			 "cannot open the console: %s is not a "
			 "terminal; run it in one, or print once with "
			 "\"vigil tasks\"",
			 isatty(STDIN_FILENO) ? "the output" : "the input");
		return -1;
	}
	if (!name || !name[0]) {
		snprintf(error, size,
			 "cannot open the console: TERM is not "
			 "set, so the kind of terminal is unknown; try "
			 "TERM=xterm");
		return -1;
	}
	if (setupterm(name, STDOUT_FILENO, &result) != OK) {
		snprintf(error, size,
			 "cannot open the console: no "
			 "description of the terminal \"%.40s\" (TERM) is "
			 "installed; try TERM=xterm",
			 name);
		return -1;
	}
	if (!cursor_address || !clear_screen) {
		snprintf(error, size,
			 "cannot open the console: the terminal "
			 "\"%.40s\" (TERM) cannot move its cursor; use "
			 "another one, or print once with \"vigil tasks\"",
			 name);
		return -1;
	}
	return 0;
}

static bool wants_colors(enum color_choice choice)
{
	const char *no_color = getenv("NO_COLOR");

	if (choice == COLOR_NEVER || (choice == COLOR_AUTO && no_color && no_color[0]))
		return false;
	return has_colors() && tigetnum("colors") >= 8;
}

static enum color_depth choose_depth(enum color_choice choice)
{
	if (choice == COLOR_ONLY_16 || COLORS < 256)
		return COLORS_16;
	return COLORS_256;
}

static bool has_utf8(void)
{
	const char *codeset = nl_langinfo(CODESET);

	return strcasecmp(codeset, "UTF-8") == 0 || strcasecmp(codeset, "UTF8") == 0;
}

static void set_up_input(const struct screen_options *options)
{
	cbreak();
	noecho();
	nonl();
	intrflush(stdscr, FALSE);
	keypad(stdscr, TRUE);
	set_escdelay(ESCAPE_DELAY_MS);
	if (!options->has_no_mouse) {
		/* Clicks at once; keys.h says who makes two of them one. */
		mouseinterval(0);
		mousemask(BUTTON1_PRESSED | BUTTON4_PRESSED | BUTTON5_PRESSED, NULL);
	}
}

static void set_up_output(struct screen *screen, const struct screen_options *options)
{
	/* Curses that has not started colours sends none, not even the usual ones. */
	screen->depth = COLORS_NONE;
	if (wants_colors(options->color)) {
		start_color();
		use_default_colors();
		screen->colors = COLORS;
		screen->depth = choose_depth(options->color);
	}
	curs_set(0);
	leaveok(stdscr, FALSE);
	screen->is_ascii = options->is_ascii || !has_utf8();
	/* Pair 0 is the terminal's own. */
	screen->pairs[0] = (struct style){ -1, -1, 0 };
	screen->pair_count = 1;
}

int screen_open(struct screen **ret_screen, const struct screen_options *options, char *error,
		size_t size)
{
	static bool is_exit_known;
	struct screen *screen;

	setlocale(LC_CTYPE, "");
	if (check_terminal(error, size) < 0)
		return -1;
	screen = calloc(1, sizeof(*screen));
	if (!screen || canvas_init(&screen->shown, 1, 1, false) < 0) {
		snprintf(error, size, "cannot open the console: no memory");
		free(screen);
		return -1;
	}
	tcgetattr(STDIN_FILENO, &terminal.modes);
	screen->curses = newterm(NULL, stdout, stdin);
	if (!screen->curses) {
		snprintf(error, size,
			 "cannot open the console: the terminal "
			 "refused (%s)",
			 strerror(errno));
		canvas_fini(&screen->shown);
		free(screen);
		return -1;
	}
	prepare_restore();
	terminal.must_stop = 0;
	terminal.is_open = 1;
	if (!is_exit_known)
		is_exit_known = atexit(restore_at_exit) == 0;
	take_signals();
	set_up_input(options);
	set_up_output(screen, options);
	*ret_screen = screen;
	return 0;
}

void screen_close(struct screen *screen)
{
	if (!screen)
		return;
	if (terminal.is_open) {
		terminal.is_open = 0;
		endwin();
	}
	give_signals_back();
	delscreen(screen->curses);
	canvas_fini(&screen->shown);
	free(screen);
}

void screen_size(const struct screen *screen, int *ret_width, int *ret_height)
{
	(void)screen;
	*ret_width = COLS > 0 ? COLS : 1;
	*ret_height = LINES > 0 ? LINES : 1;
}

bool screen_is_ascii(const struct screen *screen)
{
	return screen->is_ascii;
}

enum color_depth screen_depth(const struct screen *screen)
{
	return screen->depth;
}

/* Drawing. */

/* Terminals of 8 colours show the bright ones as bold. */
static short fit_color(const struct screen *screen, int color, attr_t *attrs)
{
	if (color < 8 || screen->colors > 8)
		return (short)color;
	*attrs |= A_BOLD;
	return (short)(color - 8);
}

/* The curses pair of two colours, made when first needed. */
static short pair_of(struct screen *screen, short fg, short bg)
{
	int i;

	for (i = 0; i < screen->pair_count; i++)
		if (screen->pairs[i].fg == fg && screen->pairs[i].bg == bg)
			return (short)i;
	if (i == PAIRS || i >= COLOR_PAIRS || init_pair((short)i, fg, bg) != OK)
		return 0;
	screen->pairs[i] = (struct style){ fg, bg, 0 };
	screen->pair_count++;
	return (short)i;
}

/* What the terminal's own library thinks of a width wins over ours. */
static wchar_t drawable(const struct screen *screen, const struct cell *cell, bool is_wide)
{
	if (cell->code < 0x7f)
		return (wchar_t)cell->code;
	if (screen->is_ascii)
		return L'?';
	if (wcwidth((wchar_t)cell->code) != (is_wide ? 2 : 1))
		return is_wide ? L'?' : 0xfffd;
	return (wchar_t)cell->code;
}

static void draw_cell(struct screen *screen, int x, int y, const struct cell *cell, bool is_wide)
{
	struct style style = cell_style(cell, screen->depth);
	wchar_t text[2] = { drawable(screen, cell, is_wide), L'\0' };
	attr_t attrs = A_NORMAL;
	short pair = 0;
	cchar_t out;

	if (style.attrs & ATTR_BOLD)
		attrs |= A_BOLD;
	if (style.attrs & ATTR_DIM)
		attrs |= A_DIM;
	if (style.attrs & ATTR_REVERSE)
		attrs |= A_REVERSE;
	if (style.attrs & ATTR_UNDERLINE)
		attrs |= A_UNDERLINE;
	if (screen->depth != COLORS_NONE) {
		short fg = fit_color(screen, style.fg, &attrs);
		attr_t ignored = A_NORMAL;
		short bg = fit_color(screen, style.bg, &ignored);

		pair = pair_of(screen, fg, bg);
	}
	if (setcchar(&out, text, attrs, pair, NULL) == OK)
		mvadd_wch(y, x, &out);
}

static bool is_same_cell(const struct cell *a, const struct cell *b)
{
	return a->code == b->code && a->role == b->role && a->back == b->back &&
	       a->attrs == b->attrs;
}

static bool is_wide_at(const struct canvas *canvas, int x, int y)
{
	const struct cell *right = canvas_cell(canvas, x + 1, y);

	return right && right->code == CELL_RIGHT_HALF;
}

/* Draws the cells of a line that changed, a wide one with its other half. */
static void draw_line(struct screen *screen, const struct canvas *canvas, int y)
{
	int x;

	for (x = 0; x < canvas->width && x < COLS; x++) {
		const struct cell *cell = canvas_cell(canvas, x, y);
		struct cell *old = &screen->shown.cells[y * canvas->width + x];
		bool is_wide = is_wide_at(canvas, x, y);

		if (cell->code == CELL_RIGHT_HALF ||
		    (screen->is_shown_known && is_same_cell(cell, old) &&
		     is_wide == is_wide_at(&screen->shown, x, y)))
			continue;
		draw_cell(screen, x, y, cell, is_wide);
	}
}

static void place_cursor(const struct canvas *canvas)
{
	if (canvas->cursor_x < 0 || canvas->cursor_y < 0) {
		curs_set(0);
		return;
	}
	move(canvas->cursor_y < LINES ? canvas->cursor_y : LINES - 1,
	     canvas->cursor_x < COLS ? canvas->cursor_x : COLS - 1);
	curs_set(1);
}

void screen_draw(struct screen *screen, const struct canvas *canvas)
{
	struct canvas *shown = &screen->shown;
	int y;

	if (shown->width != canvas->width || shown->height != canvas->height) {
		if (canvas_resize(shown, canvas->width, canvas->height) < 0)
			return;
		screen->is_shown_known = false;
	}
	if (!screen->is_shown_known)
		erase();
	for (y = 0; y < canvas->height && y < LINES; y++)
		draw_line(screen, canvas, y);
	memcpy(shown->cells, canvas->cells,
	       (size_t)canvas->width * (size_t)canvas->height * sizeof(*shown->cells));
	screen->is_shown_known = true;
	place_cursor(canvas);
	refresh();
}

void screen_forget(struct screen *screen)
{
	screen->is_shown_known = false;
	clearok(stdscr, TRUE);
}

/* Input. */

static const struct {
	int curses;
	uint32_t key;
} special_keys[] = {
	{ KEY_UP, K_UP },         { KEY_DOWN, K_DOWN },     { KEY_LEFT, K_LEFT },
	{ KEY_RIGHT, K_RIGHT },   { KEY_PPAGE, K_PAGE_UP }, { KEY_NPAGE, K_PAGE_DOWN },
	{ KEY_HOME, K_HOME },     { KEY_END, K_END },       { KEY_FIND, K_HOME },
	{ KEY_SELECT, K_END },    { KEY_IC, K_INSERT },     { KEY_DC, K_DELETE },
	{ KEY_BTAB, K_BACK_TAB }, { KEY_ENTER, K_ENTER },   { KEY_BACKSPACE, K_BACKSPACE },
	{ KEY_RESIZE, K_RESIZE },
};

static uint32_t special_key(int code)
{
	size_t i;

	if (code > KEY_F(0) && code <= KEY_F(12))
		return K_F((uint32_t)(code - KEY_F(0)));
	for (i = 0; i < COUNT(special_keys); i++)
		if (special_keys[i].curses == code)
			return special_keys[i].key;
	return K_NONE;
}

static uint32_t mouse_key(struct key_event *event)
{
	MEVENT mouse;

	if (getmouse(&mouse) != OK)
		return K_NONE;
	event->x = mouse.x;
	event->y = mouse.y;
	if (mouse.bstate & BUTTON1_PRESSED)
		return K_CLICK;
	if (mouse.bstate & BUTTON4_PRESSED)
		return K_WHEEL_UP;
	return mouse.bstate & BUTTON5_PRESSED ? K_WHEEL_DOWN : K_NONE;
}

static uint32_t typed_key(wint_t code)
{
	switch (code) {
	case '\n':
	case '\r':
		return K_ENTER;
	case '\b':
	case 127:
		return K_BACKSPACE;
	default:
		return (uint32_t)code;
	}
}

/* Stopped from outside (kill -STOP), curses knows nothing of it. */
static void come_back(struct screen *screen)
{
	terminal.was_continued = 0;
	reset_prog_mode();
	screen_forget(screen);
}

static bool is_gone(void)
{
	struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };

	return poll(&input, 1, 0) > 0 && (input.revents & (POLLHUP | POLLERR | POLLNVAL));
}

void screen_watch(struct screen *screen, int fd)
{
	screen->watched = fd + 1;
}

/* Waits for a key or what is watched. What curses has read already it gives at once. */
static int wait_for_either(const struct screen *screen, int timeout_ms, wint_t *ret_code)
{
	struct pollfd inputs[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = screen->watched - 1, .events = POLLIN },
	};
	int result;

	if (!screen->watched || timeout_ms == 0) {
		timeout(timeout_ms);
		return get_wch(ret_code);
	}
	timeout(0);
	result = get_wch(ret_code);
	if (result != ERR || terminal.must_stop || terminal.was_continued)
		return result;
	poll(inputs, 2, timeout_ms);
	return get_wch(ret_code);
}

int screen_poll(struct screen *screen, int timeout_ms, struct key_event *ret_event)
{
	struct key_event event = { .key = K_NONE };
	wint_t code = 0;
	int result;

	if (!terminal.must_stop) {
		result = wait_for_either(screen, timeout_ms, &code);
		if (result == KEY_CODE_YES && code == KEY_MOUSE)
			event.key = mouse_key(&event);
		else if (result == KEY_CODE_YES)
			event.key = special_key((int)code);
		else if (result == OK)
			event.key = typed_key(code);
	}
	if (terminal.must_stop)
		event = (struct key_event){ .key = K_STOP };
	else if (terminal.was_continued) {
		come_back(screen);
		event = (struct key_event){ .key = K_RESIZE };
	}
	if (event.key == K_RESIZE)
		screen->is_shown_known = false;
	if (event.key == K_NONE)
		return is_gone() ? -1 : 0;
	*ret_event = event;
	return 1;
}
