"""What the categories of the Universal Category System mean, in words that one searches by.

A CatID is a category in capitals and a short subcategory: ``ANMLDog``, ``DOORWood``. The table
has a row per category: its words, and for each subcategory what it adds; where it adds nothing
but its own letters, these are its word, and ``Misc`` adds nothing.
"""

from __future__ import annotations

import re
from functools import lru_cache

#: Category: its words | subcategory=words, ...
CATEGORIES = """
AERO: aircraft aeroplane airplane | Heli=helicopter, Jet, Mil=military, Prop=propeller, Int=interior, Door, Glid=glider, Misc, Mech=mechanism, Rktr=rocket, Wsh=pass by
AIR: air blow | Blow, Brst=burst, Hiss, Suck=suction, Misc
ALRM: alarm | Bell, Buzr=buzzer, Clok=clock, Elec=electronic, Sirn=siren, Misc
AMB: ambience background | Airp=airport, Alpn=alpine mountain, Amus=amusement park, Bird=birds, Cele=celebration, Cnst=construction site, Dsrt=desert, Emrg=emergency, Farm=farm, Fant=fantasy, Frst=forest, Gras=grassland meadow, Hist=historical, Hosp=hospital, Indu=industrial factory, Lake=lake lakeside, Misc, Mrkt=market, Naut=nautical, Offc=office, Park, Prot=protest, Prsn=prison, Publ=public place, Rlgn=church religious, Resi=residential, Rest=restaurant cafe bar, Room=room tone, Rurl=rural countryside, Schl=school, Sea=seaside beach, Scif=science fiction, Sprt=sports, Subn=suburban, Swmp=swamp, Tndr=tundra, Town, Traf=traffic, Tran=transport station, Trop=tropical jungle, Undg=underground, Undr=underwater, Urbn=urban city, Virt=virtual, Warz=war battle
ANML: animal | Amph=amphibian frog toad, Aqua=aquatic, Bat, Cat=cat, Dog=dog, Farm=farm cow sheep pig goat, Hors=horse, Insc=insect, Misc, Prim=primate monkey, Rept=reptile snake, Rdnt=rodent mouse rat, Wcat=wild cat lion tiger, Wild=wild wolf bear
BELL: bell | Anml=animal cow, Door, Gong, Hand, Larg=large church, Misc
BIRD: bird | Crow=crow raven, Fowl=fowl chicken duck goose rooster, Misc, Owl, Prey=eagle hawk falcon, Sea=gull seagull, Song=songbird birdsong, Tpcl=tropical parrot, Wade=wader heron
BOAT: boat | Airb=airboat, Elec=electric, Fish=fishing, Horn, Int=interior, Mech=mechanism, Milt=military, Misc, Motr=motorboat, Race=speedboat, Row=rowing, Sail=sailing, Ship, Stm=steam, Subm=submarine, Undw=underwater
CERM: ceramic | Brk=break, Fric=scrape, Hndl=handling, Impt=impact, Misc, Mvmt=rattle
CHAIN: chain | Brk=break, Hndl=handling, Impt=impact, Misc, Mvmt=rattle
CLOCK: clock | Chim=chime, Mech=mechanism, Tick, Misc
CLOTH: cloth fabric | Flp=flap, Hndl=handling, Impt=impact, Misc, Mvmt=movement rustle, Rip=rip tear
COM: communication | Cam=camera, Cell=mobile phone, Mic=microphone, Misc, Phon=telephone phone ring, Rado=radio, Stat=static, Telm=telemetry, Tv=television, Typw=typewriter typing
CMPT: computer | Driv=drive, Hdd=drive, Key=keyboard typing, Misc, Mous=mouse click, Prnt=printer
CRWD: crowd people | Angr=angry, Apls=applause clapping, Batl=battle, Cele=celebration, Cher=cheer, Chld=children, Conv=conversation, Laff=laughter, Misc, Panc=panic, Quiet=quiet, Reac=reaction, Sing=singing, Sprt=sports stadium, Wala=walla chatter babble, Walk=walking footsteps
DEST: destruction | Clps=collapse, Crsh=crash, Misc
DIRT: dirt sand | Crsh=crunch, Fric=scrape, Impt=impact, Misc, Mvmt=movement
DOOR: door | Antq=old, Appl=appliance, Cab=cabinet cupboard, Comp=composite, Creak=creak, Elec=electric, Gate, Glas=glass, Hdwr=handle lock, Hydr=hydraulic, Knck=knock, Metl=metal, Misc, Plas=plastic, Prsn=prison, Revl=revolving, Slid=sliding, Ston=stone, Swng=swinging, Tech=science fiction, Wood=wooden
DRWR: drawer | Metl=metal, Misc, Plas=plastic, Wood=wooden
ELEC: electricity electric | Arc, Buzz=buzz hum, Emf=hum, Hum, Misc, Sprk=spark, Zap
EXPL: explosion | Dsgn=designed, Misc, Real, Undw=underwater
FEET: footsteps | Anml=animal paws, Crea=creature, Hmn=human walk, Hors=horse hooves, Misc
FGHT: fight | Bf=body fall, Clth=clothing, Grab, Impt=punch hit, Misc
FIRE: fire | Brst=burst, Burn, Crkl=crackle, Gas, Ign=ignite, Misc, Sizz=sizzle, Trch=torch, Whsh=whoosh
FRWK: fireworks | Comr=commercial, Misc, Dsgn=designed
FOLY: foley | Clth=cloth, Feet=footsteps, Hand=hands, Misc, Prop=handling
FOOD: food drink | Cook=cooking frying, Drnk=drink, Eat=eating chewing, Glas=glassware, Ingr=ingredients, Kwar=kitchenware pan pot, Misc, Pour, Twar=tableware dish cutlery
GAME: game | Arcd=arcade, Bord=board, Casn=casino, Misc, Vid=video
GEO: geothermal | Fuma=fumarole, Geys=geyser, Lava, Misc, Mudp=mud pot
GLAS: glass | Brk=break shatter, Crsh=crash, Fric=scrape, Hndl=handling, Impt=impact clink, Misc, Mvmt=rattle, Tonl=ring
GORE: gore | Blood=blood, Bone=bone, Flsh=flesh, Misc, Oozz=ooze, Splt=splat, Srce=gush, Stab
GUN: gun gunshot | Anti=antique musket, Artl=artillery, Auto=automatic machine gun, Cano=cannon, Hndl=handling, Misc, Mech=mechanism, Pis=pistol, Rif=rifle, Shotg=shotgun, Supr=suppressed
HORN: horn | Air, Celebr=celebration, Misc, Trad=traditional
HMN: human | Brth=breath, Burp, Cgh=cough, Coug=cough, Farts=fart, Hart=heartbeat, Hic=hiccup, Kiss, Misc, Pain, Sneez=sneeze, Snif=sniff, Snor=snore, Spit
ICE: ice | Brk=break crack, Crsh=crunch, Fric=scrape, Hndl=handling, Impt=impact, Misc, Mvmt=movement, Tonl=ring
LASR: laser | Beam, Gun, Impt=impact, Misc
LETH: leather | Creak, Hndl=handling, Impt=impact, Misc, Mvmt=movement
LIQ: liquid mud | Bubl=bubbles, Impt=splat, Misc, Mvmt=slosh, Suct=suction
MACH: machine machinery | Amus=amusement ride, Antq=old, Appl=appliance, Cnst=construction, Conv=conveyor, Elev=elevator lift, Escl=escalator, Fan, Gard=garden lawn mower, Gym, Hvac=air conditioner ventilation, Hydr=hydraulic, Indu=industrial factory, Mech=mechanism, Medc=medical, Misc, Offc=office printer copier, Pneu=pneumatic, Pump, Tatt=tattoo
MAGC: magic | Angl=angelic, Elem=elemental, Evil, Misc, Poof, Shim=shimmer, Spel=spell
MECH: mechanical mechanism | Clik=click, Gear=gears, Hydr=hydraulic, Ltch=latch, Lock, Lvr=lever, Misc, Pully=pulley, Rtch=ratchet, Rlay=relay, Swch=switch
METL: metal | Brk=break, Crsh=crash, Fric=scrape screech, Hndl=handling, Impt=impact clang, Misc, Mvmt=rattle, Tonl=ring
MOTR: motor | Comb=combustion engine, Elec=electric, Hydr=hydraulic, Misc, Serv=servo, Turb=turbine
MVMT: movement | Actv=activity, Anml=animal, Crea=creature, Hmn=human, Misc, Pres=presence
MUSC: music | Bell, Brss=brass, Chor=choir, Instr=instrument, Keyd=piano, Misc, Perc=percussion drum, Song, Strg=strings, Synth, Toy, Wind=woodwind
NATD: disaster | Aval=avalanche, Quak=earthquake, Torn=tornado, Misc, Typh=typhoon hurricane, Volc=volcano, Tsun=tsunami
OBJ: object | Bag, Book, Cont=container, Coin, Furn=furniture, Gmnt=garment, House=household, Jewl=jewellery, Key=keys, Luggg=luggage, Misc, Tape, Umbr=umbrella, Whel=wheel cart, Wrtng=writing pen, Zip=zipper
PAPR: paper | Fltr=flutter, Fric=scrape, Hndl=handling rustle, Impt=impact, Misc, Rip=rip tear
PLAS: plastic | Brk=break, Fric=scrape, Hndl=handling, Impt=impact, Misc, Mvmt=rattle
RAIN: rain | Clth=cloth tent umbrella, Conc=concrete, Glas=glass window, Int=interior roof, Metl=metal, Misc, Plas=plastic, Vege=leaves, Watr=water, Wood=wooden
ROBT: robot | Misc, Mvmt=movement, Vox=voice
ROCK: rock stone | Brk=break, Crsh=crash, Fric=scrape, Hndl=handling, Impt=impact, Misc, Mvmt=rumble, Tonl=ring
ROPE: rope | Brk=break, Creak, Hndl=handling, Impt=impact, Misc, Mvmt=movement
RUBR: rubber | Fric=squeak, Hndl=handling, Impt=impact, Misc, Mvmt=movement
SCI: science fiction | Alrm=alarm, Comp=computer, Door, Enrg=energy, Mech=mechanism, Misc, Ship=spaceship, Vehi=vehicle, Weap=weapon
SNOW: snow | Crsh=crunch, Fric=slide, Hndl=handling, Impt=impact, Misc, Mvmt=movement
SPRT: sports | Bsbl=baseball, Bskt=basketball, Bowl=bowling, Crt=court tennis, Fld=field football soccer, Golf, Gym, Hcky=hockey, Indor=indoor, Misc, Skate=skate skateboard, Ski=ski snowboard, Track, Watr=water swim, Winter=winter
SWSH: swoosh whoosh | Swsh, Misc, Whsh
TOOL: tool | Elec=electric drill, Hand=hammer saw hand, Misc, Pneu=pneumatic, Powr=power drill saw, Gard=garden
TOY: toy | Elec=electric, Mech=mechanism, Misc
TRN: train railway | Brke=brake, Clak=tracks clatter, Coup=coupling, Dies=diesel, Door, Elec=electric, Hspd=high speed, Horn, Int=interior, Mech=mechanism, Misc, Sbwy=subway metro, Stat=station, Stm=steam locomotive, Tram=tram streetcar
UI: interface | Alert=alert, Beep, Click, Data, Glitch, Misc, Mvmt=movement
VEGE: vegetation plant | Gras=grass, Leaf=leaves rustle, Misc, Tree=tree branch
VEH: vehicle | Alrm=alarm, Antq=old, Atv=quad, Bike=bicycle, Brke=brake, Bus, Car=car engine, Cnst=construction excavator, Door, Elec=electric, Emrg=emergency, Farm=tractor, Fire=fire truck, Forg=forklift, Horn=horn honk, Int=interior, Jalo=jalopy, Mech=mechanism, Milt=military tank, Misc, Moto=motorcycle, Race=race car, Sirn=siren police ambulance, Skid=skid screech, Susp=suspension, Tire=tyre, Trck=truck lorry, Util=utility, Van, Wagn=wagon cart
VOX: voice | Adlt=adult, Cheer, Chnt=chant, Cry=crying, Efft=effort, Fem=woman, Kid=child, Laff=laugh, Male=man, Misc, Mumb=mumble, Scrm=scream, Sing=singing, Srgh=sigh, Whis=whisper, Yell=shout
WATR: water | Bubl=bubbles, Drip=drip drop, Dran=drain, Fizz, Flow=stream river brook, Fntn=fountain, Impt=splash, Lap=lapping, Misc, Movm=movement, Plmb=plumbing tap shower, Sprn=sprinkler, Spry=spray, Splsh=splash, Stm=steam, Surf=sea surf waves, Turb=rapids waterfall, Undw=underwater, Wave=sea waves, Fall=waterfall
WEAP: weapon | Armr=armour, Axe, Bow, Knif=knife, Misc, Swrd=sword, Whip
WEAT: weather | Hail, Misc, Strm=storm thunderstorm rain wind, Thun=thunder
WHST: whistle | Hmn=human, Mech=mechanical, Misc
WHSH: whoosh swoosh | Misc
WIND: wind | Dsgn=designed, Gust, Int=interior howl, Misc, Tonl=howl whistle, Turb=turbulence, Vege=trees leaves
WNDW: window | Creak, Glas=glass, Hdwr=handle, Metl=metal, Misc, Slid=sliding, Wood=wooden
WING: wings flap | Bird=bird, Crea=creature, Insc=insect, Misc
WOOD: wood wooden | Brk=break, Crsh=crash, Creak, Fric=scrape creak, Hndl=handling, Impt=impact knock, Misc, Mvmt=rattle, Tonl=ring
"""

_CATID = re.compile(r"([A-Z]{2,6})([A-Z][a-z]{1,6})")


@lru_cache(maxsize=1)
def _table() -> dict[str, tuple[str, dict[str, str]]]:
    """Each category with its words and those of its subcategories."""
    table = {}
    for row in CATEGORIES.strip().splitlines():
        category, _, rest = row.partition(":")
        words, _, listed = rest.partition("|")
        subs = {}
        for sub in listed.split(","):
            letters, stated, more = sub.strip().partition("=")
            subs[letters] = "" if letters == "Misc" else more if stated else letters.lower()
        table[category] = (words.strip(), subs)
    return table


def words_of(catid: str, *, sure: bool) -> str:
    """What a CatID means; empty where it is none.

    Parameters
    ----------
    catid : str
        As ``ANMLDog``; capitals and small letters count.
    sure : bool
        It stands where only a CatID can: then an unknown subcategory is one too.
    """
    parts = _CATID.fullmatch(catid)
    if parts is None or parts[1] not in _table():
        return ""
    words, subs = _table()[parts[1]]
    if parts[2] in subs:
        return f"{words} {subs[parts[2]]}".strip()
    return f"{words} {parts[2].lower()}" if sure else ""


def described() -> list[str]:
    """What each category sounds like, as a prompt."""
    return [f"the sound of {words}" for words, _ in _table().values()]


@lru_cache(maxsize=1)
def _words() -> frozenset[str]:
    rows = _table().values()
    return frozenset(
        word for row, subs in rows for told in (row, *subs.values()) for word in told.split()
    )


def is_known(word: str) -> bool:
    """Whether the names of the categories hold a word; small letters, one or many."""
    return word in _words() or word.removesuffix("s") in _words()
