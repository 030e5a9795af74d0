"""Which words mean the same thing that sounds, so that a pram's squeak is found as a stroller's.

In a group each word stands for each other. After ">" stand words that the ones before it are
looked for by too, but not the other way round: who walks is heard by footsteps, who searches for
footsteps does not want everything that walks.
"""

from __future__ import annotations

from functools import lru_cache

from .stems import stemmed

GROUPS = """
wind, breeze, gust, gale
storm, tempest, hurricane, typhoon
thunder, thunderclap, thunderstorm
lightning > thunder
storm, thunderstorm > thunder, wind, rain, storm
rain, rainfall, drizzle, downpour, shower
hail, sleet, hailstone
snow > snow, ice
blizzard > wind, storm
sky, hill, mountain, desert, field > wind
river, stream, brook, creek
stream > water flow
waterfall, cascade, cataract
rapids > river
fountain > water splash, water trickle, running water
sea, ocean
surf, wave, breaker
beach, shore, seashore, coast, seaside > sea, ocean, wave, surf
sea > wave, surf
lake, pond > water lapping, lapping
harbor, pier, port, marina, dock
swamp, marsh
water > river, splash
drip, drop, droplet, trickle
splash, plunge, splosh
swim, dive, wade > splash, water splash
pour, decant
faucet, tap, sink > running water, water running, water pour
bath, bathtub
bubble, gurgle, boil
steam, hiss
fire, flame, blaze, campfire, bonfire, fireplace, burn
fire > crackle
torch, candle, ember > fire
leaf, foliage, rustle
tree, bush, shrub, branch, twig > leaf, rustle, wind
forest, wood, woodland
jungle, rainforest
meadow, grassland, grass, field > insect, wind
garden, park > bird
countryside, rural
bird, birdsong, songbird
bird > chirp, tweet
sparrow, robin, finch, blackbird, nightingale, warbler, thrush > bird, songbird
insect, cricket, grasshopper
insect > chirp
cicada, locust > insect
bee, wasp, hornet, bumblebee
bee, fly, mosquito > buzz, insect
dragonfly, butterfly, beetle > insect, wing
dog, puppy, hound, canine
dog > bark, growl
terrier, retriever, poodle, spaniel, collie, beagle, shepherd > dog
bark, woof, yap
wolf, coyote > howl
cat, kitten
cat > meow, purr
meow, mew
lion, tiger, leopard, panther > roar, growl
cow, cattle, bull, ox, calf
cow > moo
sheep, lamb, goat > bleat
sheep, lamb
horse, pony, stallion, mare, foal
horse > hoof, gallop, neigh, whinny
donkey, mule > bray
hoof, hoofbeat, gallop, trot, canter
ride > horse
neigh, whinny, nicker
pig, hog, boar
pig > oink, grunt
elephant > trumpet
monkey, chimpanzee, ape
rabbit, squirrel, mouse, rat > rodent
snake, lizard > reptile
crow, raven, jackdaw, rook, caw
gull, seagull
eagle, hawk, falcon, vulture, buzzard
owl, hoot
duck, mallard, quack
goose, swan > honk
rooster, cockerel > crow
chicken, hen, poultry > cluck
turkey > gobble
pigeon, dove, coo
wing, flap, flutter
frog, toad, croak
whale, dolphin > underwater
fish > splash, water splash, underwater
footstep, footfall, step
walk, stroll, march, stride, hike, tread > footstep, walk
run, jog, sprint > footstep
person, man, woman, boy, girl, pedestrian, human, someone > footstep
soldier, crowd walk > footstep
runner, jogger, walker, hiker > footstep, run
stairs, staircase > footstep
heel, shoe, boot, sneaker > footstep
gravel, pebble, shingle
mud, sludge
paw > animal footstep, dog footstep
cloth, fabric, clothes, clothing, garment, textile
curtain, flag, sail, banner > flap, cloth
coat, jacket, dress, shirt > cloth, rustle
voice, speech, talk, speak
whisper, murmur, mumble
sing, singer, song
laugh, laughter, giggle, chuckle
cry, sob, weep
scream, shriek, yell, shout
cough, sneeze
breath, breathe, pant, gasp, sigh
snore, sleep
baby, infant, toddler
child, kid
child > play, playground
crowd, audience, spectator
crowd > walla, chatter
walla, chatter, babble, murmur
people > crowd, walla, chatter
talk, conversation, chat > chatter, walla, conversation, talk
cheer, ovation
applause, clap, applaud
clap > hand clap
restaurant, cafe, bar, pub, diner, canteen
market, bazaar, fair
party, celebration
school, playground, schoolyard
stadium, arena
church, cathedral, chapel
office, workplace
hospital, clinic
kitchen > dish, cook
bedroom, room, corridor, hallway, hall, indoor, interior > room tone
roomtone, room tone
silence, quiet > room tone
museum, library > room tone
car, automobile, sedan, suv
vehicle > car, engine
taxi, cab, van > car
car > engine, motor
engine, motor
drive > car, vehicle
brake, skid, screech
truck, lorry
trailer, wagon, semi > truck
bus, coach, minibus
motorcycle, motorbike, scooter, moped
tractor, harvester
excavator, bulldozer, digger, backhoe
tank > military vehicle
bicycle, bike, cyclist
cycle, cyclist > bicycle
skateboard, skate, rollerblade
train, locomotive
railway, railroad, rail > train
tram, streetcar, trolley
subway, metro, underground
traffic, road, street, highway, motorway, freeway
city, urban, town, downtown
street, city, avenue, intersection > traffic
airport > jet, airplane
airplane, plane, aircraft, airliner, jet
propeller, biplane, cessna
helicopter, chopper, rotor
drone, quadcopter
rocket, spaceship, missile
boat, motorboat, speedboat
ship, ferry, vessel, steamer
yacht, sailboat > sail, boat
rowboat, kayak, canoe, paddle, oar, row
siren, ambulance, police, fire engine
ambulance, police > siren
alarm, alert
horn, honk, beep
foghorn > ship horn
bell, chime, toll
gong, tamtam
wind chime, chime
clock, tick, watch
metronome, timer > tick
telephone, phone, ringtone, cellphone, smartphone
radio, static
television, tv
camera, shutter
keyboard, typing, type
typewriter, typing
laptop, computer > keyboard, typing
computer mouse > click
printer, copier
hum, drone, buzz
transformer, mains, electricity, electric
neon, fluorescent, lamp, light bulb > electric hum, buzz
refrigerator, fridge, freezer > hum
spark, zap, arc
fan, ventilator, ventilation
air conditioner, hvac, ventilation
vacuum, hoover
washing machine, laundry, washer
dryer, hairdryer
blender, mixer, juicer
microwave, oven
coffee, espresso, kettle > pour, boil
machine, machinery, mechanism
factory, industrial, plant
conveyor, assembly line
robot, servo, android
pump, compressor
generator, dynamo
elevator, lift
escalator, moving stairs
drill, drilling
saw, chainsaw, sawing
hammer, nail, hammering
grinder, sander, angle grinder
lawnmower, mower, lawn mower
construction, building site
crane, winch, pulley
gear, cog, ratchet
switch, button, click
lever, latch
lock, key, bolt
knock, rap
door, doorway
gate, portal > door
creak, squeak, groan
slam, bang
drawer, cupboard, cabinet
window, pane
glass, bottle
shatter, smash, break
dish, plate, crockery, tableware
cutlery, fork, spoon, silverware
pan, pot, cookware
knife, blade
sword, blade, saber
chop, axe, hatchet
metal, iron, steel
clang, clank, clink
coin, money, change
chain, shackle
ceramic, porcelain, pottery
wood, wooden, plank, timber
stone, rock, boulder
brick, concrete, rubble
paper, page, book
cardboard, box, carton
plastic, bag
rope, cord
leather, belt, saddle
zipper, zip
impact, hit, strike, thud, blow
crash, collision, smash, wreck
fall, drop, bodyfall
punch, kick, fight
jump, land, landing
collapse, demolition, crumble
explosion, explode, blast, detonation
bomb, grenade, mine > explosion
volcano, eruption, lava > explosion, rumble
earthquake, quake > rumble
avalanche, landslide, rockslide
firework, firecracker
gun, gunshot, gunfire, shot, shooting
pistol, revolver, rifle, shotgun > gun, gunshot
machine gun, submachine gun
cannon, artillery > explosion, gun
arrow, bow, archery
whip, lash
ball, bounce
basketball, football, soccer, tennis, volleyball > ball
golf, baseball > ball hit
ski, snowboard, sled > snow, slide
scrape, drag, scratch, slide
roll, rolling
rattle, shake, jingle
whoosh, swoosh, swish, whizz
swing, throw, wave > whoosh
frisbee, kite, boomerang > whoosh
rumble, roar
drum, percussion
guitar, ukulele
piano, keyboard instrument
violin, fiddle, cello
flute, whistle
trumpet, trombone, brass
umbrella, parasol
stroller, pram, buggy, pushchair
cart, trolley, wagon
wheelchair, wheel
suitcase, luggage
balloon, pop
swing, seesaw, playground
eat, chew, bite, munch
drink, sip, gulp, swallow
cook, fry, sizzle
"""


#: Two words that together are another thing, and which of them does not tell of it, in stems.
APART = {
    tuple(stemmed(pair)): stemmed(word)[0]
    for pair, word in (
        *(("water bottle", "water"), ("water gun", "water"), ("hot dog", "dog")),
        *(("rain boots", "rain"), ("rain coat", "rain"), ("fire arm", "fire")),
        *(("fire truck", "fire"), ("fire alarm", "fire"), ("fire engine", "fire")),
        *(("wind shield", "wind"), ("wind screen", "wind"), ("breaking news", "break")),
    )
}

#: What is said of many kinds stands for one of them only where nobody says of which: a sparrow
#: may be a bird's song, it is no crow.
GENERAL = frozenset(("animal", "bird", "insect"))

#: What stands for a word is worth this much of it: another word for it, and what is heard of it.
ANOTHER_WORD, WHAT_IS_HEARD = 0.8, 0.9

Term = tuple[str, ...]


@lru_cache(maxsize=1)
def _standing() -> dict[Term, dict[Term, float]]:
    """For each word or phrase, in stems, what stands for it and how well."""
    table: dict[Term, dict[Term, float]] = {}
    for line in GROUPS.strip().splitlines():
        meant, directed, others = line.partition(">")
        left = [tuple(stemmed(words)) for words in meant.split(",")]
        right = [tuple(stemmed(words)) for words in others.split(",")] if directed else left
        worth = WHAT_IS_HEARD if directed else ANOTHER_WORD
        for word in left:
            known = table.setdefault(word, {})
            for other in right:
                if other != word:
                    known[other] = max(known.get(other, 0.0), worth)
    return table


def standing_for(phrase: Term) -> dict[Term, float]:
    """What else to look for, for a word or a phrase, and what that is worth; all in stems."""
    return _standing().get(phrase, {})


@lru_cache(maxsize=1)
def phrases() -> frozenset[Term]:
    """The phrases of more than one word that have others standing for them."""
    return frozenset(phrase for phrase in _standing() if len(phrase) > 1)
