import { type EventKind, type InputEvent } from './event-file.ts'

/**
 * A small cinema to try the recommender with: short films of ten genres, and people who mostly keep to their taste.
 * An id begins with its genre, so that one sees whether what is recommended makes sense.
 */

const titles = {
  comedy: [['accidental', 'borrowed', 'grumpy', 'unlucky', 'secret'], ['butler', 'wedding', 'neighbour', 'mailman', 'parrot', 'choir']],
  fantasy: [['last', 'crystal', 'forgotten', 'burning', 'hollow'], ['dragon', 'crown', 'forest', 'wizard', 'gate', 'sword']],
  heist: [['perfect', 'midnight', 'double', 'paper', 'clean'], ['vault', 'diamond', 'getaway', 'casino', 'crew', 'alibi']],
  horror: [['whispering', 'cold', 'nameless', 'pale', 'buried'], ['cellar', 'doll', 'lighthouse', 'guest', 'mirror', 'orchard']],
  nature: [['silent', 'frozen', 'hidden', 'endless', 'wild'], ['glacier', 'reef', 'savanna', 'owl', 'river', 'bees']],
  noir: [['long', 'smoky', 'crooked', 'rainy', 'blue'], ['detective', 'harbour', 'dame', 'staircase', 'saxophone', 'letter']],
  romance: [['tender', 'second', 'distant', 'stolen', 'late'], ['summer', 'kiss', 'train', 'garden', 'waltz', 'promise']],
  scifi: [['orbital', 'electric', 'quantum', 'lost', 'seventh'], ['colony', 'signal', 'android', 'voyage', 'eclipse', 'station']],
  sport: [['final', 'golden', 'muddy', 'uphill', 'rookie'], ['lap', 'keeper', 'season', 'marathon', 'punch', 'regatta']],
  western: [['lonesome', 'dusty', 'broken', 'outlaw', 'high'], ['canyon', 'saddle', 'sheriff', 'saloon', 'bounty', 'prairie']]
} as const

type Genre = keyof typeof titles

// Object.keys forgets which keys there are.
const genres = Object.keys(titles) as readonly Genre[]

const USERS = 400
const SESSIONS_AT_ONCE = 40
const BROKEN_SHARE = 0.01
const REPEATED_SHARE = 0.003

interface Film {
  readonly id: string
  readonly genre: Genre
  readonly seconds: number
}

interface User {
  readonly id: string
  readonly favourite: Genre
  readonly second: Genre
  readonly device: string
  readonly country: string
}

interface Session {
  readonly user: User
  readonly drafts: Generator<Draft, void, void>
}

/** What a session wants to send next; the time is stamped when it is its turn. */
interface Draft {
  readonly topic: EventKind
  readonly fields: Readonly<Record<string, unknown>>
}

/**
 * Events without end: sessions side by side, each with impressions first, then watches of what was shown, now and then
 * a click or a purchase; about one in a hundred is broken, and a few come twice. `user-1` is the most active user.
 * The same seed and clock give the same events; another start time gives other event ids, so that nothing of an earlier run counts as known.
 */
export function * sampleEvents ({ seed, now }: { readonly seed: number, readonly now: () => number }): Generator<InputEvent, never, void> {
  const random = createRandom(seed)
  const cinema = openCinema(random)
  const run = `${now().toString(36)}-${seed}`
  const sessions: Session[] = []

  for (let count = 1; ; count++) {
    const id = `${run}-${String(count).padStart(6, '0')}`
    const place = random.below(SESSIONS_AT_ONCE)
    const session = sessions[place] ??= openSession(cinema, id, sessions, random)
    const { value: draft } = session.drafts.next()
    if (draft === undefined) {
      sessions[place] = openSession(cinema, id, sessions, random)
      continue
    }

    const timestamp = now()
    const event = finish(draft, { user: session.user, eventId: id, timestamp })
    const whole = { topic: draft.topic, key: session.user.id, value: Buffer.from(JSON.stringify(event)), timestamp }
    yield random.chance(BROKEN_SHARE) ? { ...whole, value: spoil(event, random) } : whole
    if (random.chance(REPEATED_SHARE)) yield whole
  }
}

function finish (
  { topic, fields }: Draft, { user, eventId, timestamp }: { readonly user: User, readonly eventId: string, readonly timestamp: number }
): Readonly<Record<string, unknown>> {
  return { event_id: eventId, user_id: user.id, [topic === 'event' ? 'ts' : 'ts_ms']: timestamp, ...fields }
}

// --- The cinema ---

interface Cinema {
  readonly drawUser: () => User
  /** A film of that genre; its first ones are drawn most often. */
  readonly drawFilm: (genre: Genre) => Film
}

function openCinema (random: Random): Cinema {
  const users = Array.from({ length: USERS }, (_, index) => createUser(index + 1, random))
  const shelves = new Map(genres.map(genre => [genre, createSkewed(createFilms(genre, random), 0.9, random)]))
  return {
    drawUser: createSkewed(users, 0.8, random),
    drawFilm (genre) {
      const draw = shelves.get(genre)
      if (draw === undefined) throw new Error(`No films of genre '${genre}'.`)
      return draw()
    }
  }
}

function createFilms (genre: Genre, random: Random): Film[] {
  const [adjectives, nouns] = titles[genre]
  const ids = adjectives.flatMap(adjective => nouns.map(noun => `${genre}-${adjective}-${noun}`))
  return random.shuffle(ids).map(id => ({ id, genre, seconds: 90 + random.below(330) }))
}

function createUser (number: number, random: Random): User {
  return {
    id: `user-${number}`,
    favourite: random.pick(genres),
    second: random.pick(genres),
    device: random.pick(['phone', 'tablet', 'tv', 'desktop']),
    country: random.pick(['DE', 'FR', 'GB', 'NL', 'US'])
  }
}

// --- A session ---

function openSession (cinema: Cinema, id: string, others: readonly (Session | undefined)[], random: Random): Session {
  let user: User
  do user = cinema.drawUser()
  while (others.some(other => other?.user === user)) // nobody is at two places at once
  return { user, drafts: draftSession(cinema, user, id, random) }
}

function * draftSession (cinema: Cinema, user: User, id: string, random: Random): Generator<Draft, void, void> {
  const mood = chooseMood(user, random)
  const requests = 2 + random.below(4)

  for (let request = 1; request <= requests; request++) {
    const shown = chooseFilms(cinema, mood, random)
    const common = {
      session_id: id,
      request_id: `${id}-r${request}`,
      context: { device: user.device, platform: user.device === 'desktop' ? 'web' : 'app', country: user.country }
    }
    const items = shown.map((film, position) => ({ item_id: film.id, position, feed_id: 'home' }))
    yield { topic: 'impression', fields: { ...common, event_type: 'impression', items } }

    for (const film of shown) {
      const match = film.genre === mood ? 1 : matchOf(user, film)
      if (!random.chance(0.03 + 0.25 * match)) continue
      yield * watchFilm(film, match, common, random)
    }
  }
}

function * watchFilm (film: Film, match: number, common: object, random: Random): Generator<Draft, void, void> {
  const percent = completion(match, random)
  const watch = {
    item_id: film.id,
    watch_time_sec: Math.round(film.seconds * percent / 10) / 10,
    percent_watched: percent,
    ended: percent >= 95,
    playback_speed: random.chance(0.1) ? 1.5 : 1,
    rebuffer_count: random.chance(0.15) ? 1 + random.below(3) : 0
  }
  yield { topic: 'watch', fields: { ...common, event_type: 'watch', ...watch } }

  if (percent < 80 || !random.chance(0.1)) return
  const eventType = random.chance(0.3) ? 'purchase' : 'click'
  yield { topic: 'event', fields: { item_id: film.id, event_type: eventType } }
}

function chooseMood (user: User, random: Random): Genre {
  const dice = random.next()
  if (dice < 0.65) return user.favourite
  return dice < 0.9 ? user.second : random.pick(genres)
}

/** Ten films: most of the session's genre, the rest of any, the popular ones first. */
function chooseFilms (cinema: Cinema, mood: Genre, random: Random): Film[] {
  const chosen = new Set<Film>()
  while (chosen.size < 10) chosen.add(cinema.drawFilm(chosen.size < 7 ? mood : random.pick(genres)))
  return random.shuffle([...chosen])
}

function matchOf (user: User, film: Film): number {
  if (film.genre === user.favourite) return 0.8
  return film.genre === user.second ? 0.5 : 0
}

/** Percent watched: films to one's taste are mostly seen to the end, others left soon. */
function completion (match: number, random: Random): number {
  const middle = 12 + 75 * match
  const spread = (random.next() + random.next() - 1) * 40
  return Math.round(Math.min(100, Math.max(1, middle + spread)))
}

// --- Broken events ---

function spoil (event: Readonly<Record<string, unknown>>, random: Random): Buffer {
  const whole = Buffer.from(JSON.stringify(event))
  const monthsAgo = Number(event.ts_ms ?? event.ts) - 90 * 86_400_000
  return random.pick([
    () => whole.subarray(0, whole.length / 2),
    () => Buffer.concat([whole.subarray(0, -2), Buffer.from([0xff, 0xfe]), whole.subarray(-2)]),
    () => Buffer.from('not json at all'),
    () => Buffer.from(JSON.stringify({ ...event, user_id: 42 })),
    () => Buffer.from(JSON.stringify({ ...event, event_id: undefined })),
    () => Buffer.from(JSON.stringify({ ...event, debug: true })),
    () => Buffer.from(JSON.stringify({ ...event, [event.ts === undefined ? 'ts_ms' : 'ts']: monthsAgo }))
  ])()
}

// --- Chance that can be repeated ---

export interface Random {
  /** From 0 up to, not including, 1. */
  readonly next: () => number
  /** An integer from 0 up to, not including, `end`. */
  readonly below: (end: number) => number
  readonly chance: (share: number) => boolean
  readonly pick: <T>(from: readonly T[]) => T
  readonly shuffle: <T>(list: readonly T[]) => T[]
}

/** Mulberry32: the same seed gives the same numbers on every machine. */
export function createRandom (seed: number): Random {
  let state = seed >>> 0

  function next (): number {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }

  function below (end: number): number {
    return Math.floor(next() * end)
  }

  function pick<T> (from: readonly T[]): T {
    if (from.length === 0) throw new RangeError('Nothing can be picked from an empty list.')
    return from[below(from.length)] as T // the index is within a list that has no holes
  }

  function shuffle<T> (list: readonly T[]): T[] {
    return list
      .map(entry => ({ entry, place: next() }))
      .sort((left, right) => left.place - right.place)
      .map(({ entry }) => entry)
  }

  return { next, below, chance: share => next() < share, pick, shuffle }
}

/** Draws from a list, the entry at place n (from 1) in proportion to 1 / n^exponent: few are chosen often (Zipf). */
export function createSkewed<T> (from: readonly T[], exponent: number, random: Random): () => T {
  if (from.length === 0) throw new RangeError('Nothing can be drawn from an empty list.')
  let total = 0
  const sums = from.map((_, index) => (total += (index + 1) ** -exponent))

  return () => {
    const point = random.next() * total
    let low = 0
    let high = from.length - 1
    while (low < high) {
      const middle = (low + high) >> 1
      if ((sums[middle] ?? total) > point) high = middle
      else low = middle + 1
    }
    return from[low] as T // `low` is within a list that has no holes
  }
}
