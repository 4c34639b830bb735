"""What joints are called in the wild: names reduced to a side and a key, and the tables that read them.

A name such as `mixamorig:LeftUpLeg`, `Bip01 L Thigh`, `lThighBend` or `J_Bip_L_UpperLeg` becomes
("left", "upleg" | "thigh" | "thighbend" | "upperleg"); a table then says which bone that key means.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass


def _words_of(text: str) -> frozenset[str]:
    """The words of a list that is written as text."""
    return frozenset(text.split())


LEFT, RIGHT, MIDDLE = "left", "right", ""

_SIDES = {
    "l": LEFT, "left": LEFT, "lft": LEFT, "lt": LEFT,
    "r": RIGHT, "right": RIGHT, "rgt": RIGHT, "rt": RIGHT, "rght": RIGHT,
    "左": LEFT, "右": RIGHT,
}  # fmt: skip

_NOISE = _words_of(
    """
        mixamorig bip biped valve valvebiped cc base j c m def org jnt jt joint joints bone bones bn b skel
        skeleton character ctrl rig sk armature bind bnd mot mocap ref subject actor bend skin fk center
        centre mid x cn stretch npc
        """
)
"""Words that carry no meaning in a joint's name; dropped where something else remains."""

_IGNORED = _words_of(
    """
        twist roll ik pole helper nub end site endsite tip null effector aux dummy dum muscle corrective
        weapon prop thumb index middle ring pinky pinkie little finger fingers finger0 finger1 finger2
        finger3 finger4 carpal metacarpal eye eyes jaw tongue hair ear skirt cloth breast bust boob pectoral
        pec cape tail ponytail lid brow cheek lip teeth nose heel sec mch target footsteps gluteus bigtoe
        pinkytoe smalltoe trapezius latissimus hold socket attach camera adj adjust share
        """
)
"""Words that mark joints which no body joint of ours follows."""

KEYS: dict[str, frozenset[str]] = {
    "pelvis": _words_of("pelvis hips hip root cog spinebase 下半身 センター"),
    "spine": _words_of(
        """
        spine spines abdomen chest torso back lowerback upperback thorax waist ribs ribcage l5 l4 l3 l1 t12
        t10 t8 t4 t1 belly sternum stomach trunk upperchest abdomenlower abdomenupper chestlower chestupper
        lowerabdomen upperabdomen lowerchest spinelower spinemid spineupper spinemiddle spineshoulder
        lowerspine upperspine midspine torsolower torsoupper upperbody body 上半身
        """
    ),
    "neck": _words_of("neck lowerneck upperneck necklower neckupper neckroot c7 首"),
    "head": _words_of("head skull c1 頭"),
    "collar": _words_of(
        """
        collar clavicle clav clavical collarbone collerbone scapula shoulderblade innershoulder
        pectoralgirdle claviclebone 肩
        """
    ),
    "shoulder": frozenset(["shoulder", "shldrs"]),
    "upperarm": _words_of(
        """
        arm upperarm uparm armupper shldr shldrbend shoulderbend humerus bicep upperarmbend uarm armup
        outershoulder 腕
        """
    ),
    "elbow": _words_of("elbow forearm lowerarm lowarm armlower radius ulna forearmbend loarm larm farm forarm ひじ"),
    "wrist": _words_of("wrist hand palm 手首"),
    "hip_socket": _words_of("hipjoint buttock butt pelvis iliac hipsocket"),
    "hip": frozenset(["hip", "hips"]),
    "thigh": _words_of(
        """
        thigh upleg upperleg legupper uplegs femur thighbend upperlegbend uleg legup upperthigh 足
        """
    ),
    "leg": frozenset(["leg"]),
    "shin": _words_of(
        """
        shin calf lowerleg leglower knee tibia lowleg shank shinbend calfbend loleg foreleg legdown ひざ
        """
    ),
    "ankle": frozenset(["ankle", "足首"]),
    "foot": frozenset(["foot", "feet"]),
    "toe": _words_of(
        """
        toe toes toebase ball toe0 metatarsals metatarsal football forefoot ballfoot toebasis つま先
        """
    ),
}  # fmt: skip
"""Key words a bone. `shoulder` (collar or upper arm), `hip`, `leg` and `foot` depend on their neighbours."""

CONVENTIONS: tuple[tuple[str, frozenset[str]], ...] = tuple(
    (name, frozenset(words.split()))
    for name, words in (
        ("Bandai Namco", "joint_Root UpperLeg_L LowerLeg_L UpperArm_L"),
        ("Mixamo", "mixamorig:Hips"),
        ("Mixamo", "mixamorig_Hips"),
        ("VRM", "J_Bip_C_Hips J_Bip_L_UpperLeg"),
        ("CMU for Daz", "hip abdomen lButtock lThigh lShin"),
        ("DAZ Genesis", "lThighBend lShldrBend"),
        ("Poser / DAZ", "abdomen lThigh lShin lShldr"),
        ("CMU MotionBuilder", "LHipJoint LowerBack LeftUpLeg"),
        ("CMU Acclaim", "lhipjoint lfemur lhumerus"),
        ("Xsens", "L5 T8 LeftUpperLeg"),
        ("Xsens", "L5 T8 LeftHip"),
        ("Unreal", "pelvis spine_01 thigh_l calf_l"),
        ("3ds Max Biped", "Bip01_L_Thigh"),
        ("3ds Max Biped", "Bip001_L_Thigh"),
        ("Valve Biped", "ValveBiped.Bip01_L_Thigh"),
        ("MakeHuman", "upperleg01.L lowerleg01.L"),
        ("Rigify", "upper_arm.L forearm.L thigh.L shin.L"),
        ("SMPL", "Pelvis L_Hip L_Knee L_Ankle"),
        ("SMPL", "pelvis left_hip left_knee left_ankle"),
        ("Character Creator", "CC_Base_L_Thigh"),
        ("Perception Neuron", "Hips LeftUpLeg LeftHandThumb1 LeftInHandIndex Spine3"),
        ("100STYLE", "Hips Chest4 LeftHip LeftKnee LeftCollar"),
        ("Rokoko", "Hips LeftThigh LeftShin LeftForeArm"),
        ("Motive / OptiTrack", "Hip Ab Chest LUArm LThigh"),
        ("Kinect", "SpineBase HipLeft KneeLeft"),
        ("Kinect", "ShoulderCenter HipLeft KneeLeft"),
        ("Azure Kinect", "PELVIS SPINE_NAVAL HIP_LEFT"),
        ("Unity", "Hips LeftUpperLeg LeftLowerLeg LeftUpperArm"),
        ("Second Life", "mPelvis mTorso mHipLeft mKneeLeft"),
        ("Auto-Rig Pro", "root.x thigh_stretch.l leg_stretch.l"),
        ("AdvancedSkeleton", "Root_M Hip_L Knee_L Shoulder_L"),
        ("MMD", "センター 上半身 左ひじ 左ひざ"),
        ("GENEA", "b_root b_spine0 b_l_upleg b_l_forearm"),
        ("Biovision", "Hips LeftCollar LeftUpArm LeftLowArm"),
        ("Biovision", "Hips LeftHip LeftKnee LeftAnkle LeftCollar"),
        ("MotionBuilder", "Hips LeftUpLeg LeftLeg LeftForeArm"),
    )
)
"""Names of conventions and the joints that give them away, first match wins."""

_WORD = re.compile(r"[A-Z]+(?=[A-Z][a-z])|[A-Z]?[a-z]+|[A-Z]+|\d+|[^\W\d_a-zA-Z]+")
_ALL_KEYS = frozenset().union(*KEYS.values())


@dataclass(frozen=True)
class JointName:
    """One joint's name, reduced."""

    side: str
    """`left`, `right` or empty."""
    key: str
    """Lower-case words without side, prefix, separators or number."""
    ignored: bool
    """Whether it is a twist bone, a finger, an eye ..."""


def _words(name: str) -> list[str]:
    """Split at namespaces, separators, digits and changes of case; lower case."""
    local = re.split(r"[:|]", name.strip())[-1]
    local = re.sub(r"([左右])", r" \1 ", local)
    out: list[str] = []
    for part in re.split(r"[\s_.\-/]+", local):
        out += [word.lower() for word in _WORD.findall(part)]
    return out


def _unfuse(words: list[str]) -> list[str]:
    """Split a side that is written into a word without any change of case: `lthigh`, `leftupleg`, `thighl`."""
    if any(word in _SIDES for word in words):
        return words
    out = []
    for word in words:
        if word in ("lu", "ru", "lf", "rf", "ll", "rl"):  # OptiTrack's LUArm, LFArm: side and segment in one
            out += [word[0], {"u": "upper", "f": "fore", "l": "lower"}[word[1]]]
            continue
        for mark in ("left", "right", "l", "r"):
            head, tail = word.removeprefix(mark), word.removesuffix(mark)
            if word not in _ALL_KEYS and head != word and head in _ALL_KEYS:
                out += [mark, head]
                break
            if word not in _ALL_KEYS and len(mark) > 1 and tail != word and tail in _ALL_KEYS:
                out += [mark, tail]
                break
        else:
            out.append(word)
    return out


def reduce_name(name: str, shared: frozenset[str] = frozenset()) -> JointName:
    """Side and key of a joint's name; `shared` are words that all joints of the skeleton carry."""
    words = [word for word in _words(name) if word not in shared] or _words(name)
    words = _unfuse(words)
    sides = [_SIDES[word] for word in words if word in _SIDES]
    rest = [word for word in words if word not in _SIDES]
    ignored = any(word in _IGNORED for word in rest)
    vertebra = len(rest) >= 2 and rest[-2] in ("l", "t", "c") and rest[-1].isdigit()
    # Xsens names vertebrae: L5, L3, T12, T8; the L is not a side there.
    if re.fullmatch(r"[LTC]\d{1,2}", re.split(r"[:|_]", name.strip())[-1]) or vertebra:
        return JointName(MIDDLE, re.split(r"[:|_]", name.strip())[-1].lower(), False)
    letters = [word for word in rest if not word.isdigit()]
    key = "".join([word for word in letters if word not in _NOISE] or letters)
    return JointName(sides[0] if sides else MIDDLE, key, ignored)


def reduce_names(names: Sequence[str]) -> list[JointName]:
    """All joints' names, reduced; words that nearly all share (an actor's name) are dropped first."""
    counts = Counter(word for name in names for word in set(_words(name)))
    shared = frozenset(
        word
        for word, count in counts.items()
        if count > 0.9 * len(names) and len(names) > 3 and word not in _SIDES and word not in _ALL_KEYS
    )
    return [reduce_name(name, shared) for name in names]


_SIDED = (
    "hip_socket", "thigh", "hip", "shin", "leg", "ankle", "foot", "toe", "collar", "shoulder", "upperarm", "elbow",
    "wrist",
)  # fmt: skip


def bone_of(name: JointName) -> str:
    """The bone that a reduced name means, a key of `KEYS`; empty where the tables do not say."""
    if name.ignored:
        return "neck" if name.key == "necktwist" else ""
    order = _SIDED if name.side else ("pelvis", "spine", "neck", "head")
    for bone in order:
        if name.key in KEYS[bone]:
            return bone
    return ""


def convention_of(names: Sequence[str]) -> str:
    """What the naming is commonly called; `unknown` where no table knows it."""
    plain = {name.strip() for name in names}
    plain |= {re.sub(r"\s+", "_", name) for name in plain}
    plain |= {re.sub(r"^mixamorig\d+", "mixamorig", name) for name in plain}
    bare = {re.split(r"[:|]", name)[-1] for name in plain}
    return next((title for title, signs in CONVENTIONS if signs <= plain or signs <= bare), "unknown")
